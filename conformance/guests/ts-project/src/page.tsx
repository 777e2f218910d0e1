// JSX with a factory of its own.
type Child = string | number;

function h(tag: string, props: Record<string, unknown> | null, ...children: Child[]): string {
  const attributes = Object.entries(props ?? {}).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `<${tag}${attributes.join("")}>${children.join("")}</${tag}>`;
}

export function page(settings: { name: string; version: string }): string {
  return (
    <main id="page" data-version={settings.version}>
      <h1>Hello, {settings.name} &amp; friends — 漢字</h1>
      {settings.version.split(".").map((part) => <b>{part}</b>).join("")}
    </main>
  );
}
