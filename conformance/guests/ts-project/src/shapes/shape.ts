export interface Shape {
  readonly area: number;
  readonly name: string;
}

export function counted<T extends { new (...args: never[]): object }>(target: T, _context?: unknown): void {
  counts.set(target.name, (counts.get(target.name) ?? 0) + 1);
}

export const counts = new Map<string, number>();

export abstract class Named {
  abstract get area(): number;
  constructor(protected readonly label: string) {}
  get name(): string {
    return `${this.label}#${this.area | 0}`;
  }
}
