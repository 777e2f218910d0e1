/**
 * Which float values of a function may have to keep the bits of a signalling NaN, which JavaScript's numbers lose.
 *
 * A value whose bits come from outside (memory, parameter, constant) and whose bits are looked at (store, return,
 * reinterpret) without arithmetic in between is "coded": see `nan.ts`. All others are plain numbers, and cost nothing.
 * Values that flow into one variable are one class (union-find, flow-insensitive). The function is generated twice: the
 * first time classes are collected, and all are taken to be plain; the second time they are known, which is left out when
 * nobody has asked about one that is not. Nodes get the same numbers both times.
 */
export class FloatFlow {
  private readonly parents: number[] = [];
  private readonly raw: boolean[] = [];
  private readonly observed: boolean[] = [];
  private next = 0;
  /** Classes that were asked about while nothing was known: whether they are coded, whether observed. */
  private readonly askedCoded: number[] = [];
  private readonly askedObserved: number[] = [];
  /** The first time; nothing is known yet. */
  private isCollecting = true;

  /** Starts the second time. */
  restart(): void {
    this.next = 0;
    this.isCollecting = false;
  }

  /** Some answer of the first time was wrong. Precondition: it is over. */
  get wasWrong(): boolean {
    return (
      this.askedCoded.some((n) => this.raw[this.find(n)] && this.observed[this.find(n)]) ||
      this.askedObserved.some((n) => this.observed[this.find(n)])
    );
  }

  /** A new value; `isRaw` when its bits come from outside. */
  node(isRaw = false): number {
    const n = this.next++;
    if (this.isCollecting) {
      this.parents.push(n);
      this.raw.push(isRaw);
      this.observed.push(false);
    }
    return n;
  }

  private find(n: number): number {
    const { parents } = this;
    while (parents[n] !== n) {
      parents[n] = parents[parents[n]];
      n = parents[n];
    }
    return n;
  }

  /** `a` flows into `b`, or both into one. */
  join(a: number, b: number): void {
    if (!this.isCollecting || a < 0 || b < 0) return;
    const x = this.find(a);
    const y = this.find(b);
    if (x === y) return;
    this.parents[x] = y;
    this.raw[y] ||= this.raw[x];
    this.observed[y] ||= this.observed[x];
  }

  /** The bits of `n` come from outside after all. */
  taint(n: number): void {
    if (this.isCollecting && n >= 0) this.raw[this.find(n)] = true;
  }

  observe(n: number): void {
    if (this.isCollecting && n >= 0) this.observed[this.find(n)] = true;
  }

  isObserved(n: number): boolean {
    if (this.isCollecting) this.askedObserved.push(n);
    return !this.isCollecting && this.observed[this.find(n)];
  }

  /** Values of this class are coded. */
  isCoded(n: number): boolean {
    if (n < 0) return false;
    if (this.isCollecting) {
      this.askedCoded.push(n);
      return false;
    }
    const root = this.find(n);
    return this.raw[root] && this.observed[root];
  }
}
