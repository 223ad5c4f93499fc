/** The OpenAPI document as one HTML page: no script, nothing from anywhere else. */
import { html, raw } from 'hono/html';

export { docsStyle } from './docs-style.ts';

/** The parts of an OpenAPI 3.1 document that the page shows. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly description?: string; readonly required?: boolean; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>>;
}
export interface ShownDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths?: object;
  readonly components?: { readonly schemas?: object };
}

type Html = ReturnType<typeof html>;

interface ShownOperation extends Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

const schemaName = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);

/** A description with its `code` set as code. */
function prose(text: string | undefined): Html {
  return html`${(text ?? '').split('`').map((piece, i) => (i % 2 ? html`<code>${piece}</code>` : piece))}`;
}

/** A type in words, as `number[]` or a link to a schema. */
function typeOf(schema: Schema | undefined): Html {
  if (!schema) return html`any`;
  if (schema.$ref) return html`<a href="#schema-${schemaName(schema.$ref)}">${schemaName(schema.$ref)}</a>`;
  if (schema.anyOf) return html`${schema.anyOf.map((option, i) => html`${i ? ' or ' : ''}${typeOf(option)}`)}`;
  if (schema.enum) return html`${schema.enum.map((value, i) => html`${i ? ' or ' : ''}<code>${String(value)}</code>`)}`;
  if (schema.const !== undefined) return html`<code>${String(schema.const)}</code>`;
  if (schema.type === 'array') return html`${typeOf(schema.items)}[]`;
  if (typeof schema.additionalProperties === 'object') return html`text → ${typeOf(schema.additionalProperties)}`;
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : String(schema.type ?? 'any');
  const { minimum, maximum } = schema;
  return html`${type === 'string' ? 'text' : type}${minimum !== undefined && maximum !== undefined ? ` ${minimum}…${maximum}` : ''}`;
}

function row(name: string, schema: Schema | undefined, description: string | undefined, required: boolean): Html {
  const byDefault = schema?.default === undefined ? '' : html`; default <code>${String(schema.default)}</code>`;
  return html`<tr><td>${name}${required ? '' : '?'}</td><td>${typeOf(schema)}</td><td>${prose(description ?? schema?.description)}${byDefault}</td></tr>`;
}

function curl({ method, path, requestBody, security }: ShownOperation): string {
  const types = Object.keys(requestBody?.content ?? {});
  const token = security ? ' \\\n  -H "Authorization: Bearer $TOKEN"' : '';
  if (types.length === 0) return `curl${method === 'get' ? '' : ' -X POST'} http://localhost:4180${path}${token}`;
  if (types.length === 1) return `curl http://localhost:4180${path}${token} \\\n  -F image=@one.jpg -F image=@two.jpg`;
  const video = types[0]!.startsWith('video/');
  return `curl http://localhost:4180${path}${token} \\\n  -H "Content-Type: ${types[0]}" --data-binary @${video ? 'clip.mp4' : 'photo.jpg'}`;
}

function operation(op: ShownOperation): Html {
  const types = Object.keys(op.requestBody?.content ?? {});
  const answers = Object.entries(op.responses);
  const good = answers.filter(([status]) => status.startsWith('2'));
  const refused = answers.filter(([status]) => !status.startsWith('2'));
  const answer = (status: string, { description, content }: Operation['responses'][string]): Html =>
    html`<tr><td>${status}</td><td>${typeOf(Object.values(content ?? {})[0]?.schema)}</td><td>${description}</td></tr>`;
  return html`<section id="${op.id}">
    <h3>${op.summary}</h3>
    <p class="address"><span class="method ${op.method}">${op.method.toUpperCase()}</span>${op.path}</p>
    <p>${prose(op.description)}</p>
    <pre><code>${curl(op)}</code></pre>
    ${op.parameters?.length ? html`<h4>In the address</h4><div class="scroll"><table>${op.parameters.map((p) => row(p.name, p.schema, p.description, p.required ?? false))}</table></div>` : ''}
    ${types.length ? html`<h4>Body</h4><p>${types.map((type, i) => html`${i ? ', ' : ''}<code>${type}</code>`)}</p>` : ''}
    <h4>Answer</h4><div class="scroll"><table>${good.map(([status, response]) => answer(status, response))}</table></div>
    ${refused.length ? html`<details><summary>When it is refused</summary><div class="scroll"><table class="refused">${refused.map(([status, response]) => answer(status, response))}</table></div></details>` : ''}
  </section>`;
}

function schemaSection(name: string, schema: Schema & { readonly required?: readonly string[] }): Html {
  const rows = Object.entries(schema.properties ?? {});
  return html`<section id="schema-${name}">
    <h3>${name}</h3>
    ${schema.description ? html`<p>${prose(schema.description)}</p>` : ''}
    <div class="scroll"><table>${rows.map(([key, value]) => row(key, value, undefined, schema.required?.includes(key) ?? false))}</table></div>
    ${schema.example === undefined ? '' : html`<h4>As in</h4><pre><code>${JSON.stringify(schema.example, null, 2)}</code></pre>`}
  </section>`;
}

const clientExample = `import { MienClient } from '@mien/server/client';

const mien = new MienClient({ url: 'http://localhost:4180', token: process.env.TOKEN });
const { faces } = await mien.recognise(await readFile('photo.jpg'));
for (const { box, expression } of faces) console.log(expression, box);`;

/** The page for a document; link its style sheet at `docs/style.css`. */
export function docsPage(document: ShownDocument): string {
  const operations: ShownOperation[] = Object.entries((document.paths ?? {}) as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, op]) => ({ ...op, method, path, id: op.operationId ?? path })),
  );
  const groups = [...new Set(operations.flatMap(({ tags }) => tags ?? []))];
  const of = (group: string): ShownOperation[] => operations.filter(({ tags }) => tags?.includes(group));
  const schemas = Object.entries(document.components?.schemas ?? {}) as [string, Schema][];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} ${document.info.version}: HTTP service</title>
<link rel="stylesheet" href="docs/style.css">
</head>
<body>
<div class="layout">
<nav aria-label="Contents">
  <a class="name" href="#top">${document.info.title}</a>
  ${groups.map((group) => html`<h2>${group}</h2><ul>${of(group).map((op) => html`<li><a href="#${op.id}">${op.summary}</a></li>`)}</ul>`)}
  <h2>Shapes</h2><ul>${schemas.map(([name]) => html`<li><a href="#schema-${name}">${name}</a></li>`)}</ul>
</nav>
<main id="top">
  <h1>Expressions over HTTP</h1>
  <p class="lead">${prose(document.info.description)} Version ${document.info.version}. The same as a document for programs: <a href="openapi.json">openapi.json</a>.</p>
  <section><h3>From TypeScript</h3><p>The client needs nothing but <code>fetch</code>: Node, browsers, workers. Its types are the shapes below.</p><pre><code>${clientExample}</code></pre></section>
  ${groups.map((group) => html`<h2 class="group">${group}</h2>${of(group).map(operation)}`)}
  <h2 class="group">Shapes</h2>
  ${schemas.map(([name, schema]) => schemaSection(name, schema))}
</main>
</div>
</body>
</html>
`;
  return String(raw(page));
}
