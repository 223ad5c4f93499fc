/** What the doctor found, as one page that needs nothing else: verdicts first, then a contact sheet for each finding. */
import { unlabelledRows } from '../store/manifest.ts';
import { contactSheet } from '../sheet/contact-sheet.ts';
import type { CheckResult } from './check.ts';
import type { Group } from './duplicates.ts';
import { type Finding, identityOf } from './finding.ts';
import { reportStyle } from './report-style.ts';
import { placeOf, readScanned } from './scan.ts';

/** Shown of each finding; the csv and the JSON hold them all. */
const tilesShown = 60;
const groupsShown = 40;
const tilesOfGroup = 8;
/** Tiles are shown at least this wide. */
const shownSidePx = 72;

const levels = { problem: 'Problem', warning: 'Look', note: 'Note', fine: 'Fine' } as const;

/** The page as HTML. */
export async function reportPage(result: CheckResult): Promise<string> {
  const { manifest } = result.context.scan.store;
  const { name, count, image, splits } = manifest;
  const sections: string[] = [];
  for (const [index, finding] of result.findings.entries()) sections.push(await section(result, finding, index));
  const size = `${image.width}×${image.height} px, ${image.channels === 1 ? 'grey' : 'colour'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)}: data report</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<h1>${escapeHtml(name)}</h1>
<p>${count.toLocaleString('en')} images, ${size}, in ${splits.length} ${splits.length === 1 ? 'split' : 'splits'}</p>
</header>
<main>
<ul class="verdicts">
${result.findings.map((finding, index) => `<li><span class="level ${finding.level}">${levels[finding.level]}</span> <a href="#finding-${index}">${escapeHtml(finding.title)}</a></li>`).join('\n')}
</ul>
${classTable(result)}
${sections.join('\n')}
</main>
<footer><p>Nothing was changed. Write the proposals with <code>mien data check … --csv changes.csv</code>, edit them, and apply them with <code>mien data clean … --csv changes.csv</code>; <code>--undo</code> takes them back.</p></footer>
</body>
</html>
`;
}

/** Images of each class in each split, with a bar for its share of the split. */
function classTable({ context }: CheckResult): string {
  const { labels, splits } = context.scan.store.manifest;
  const head = ['class', ...splits.map((split) => `${split.name}${split.locked ? ' (locked)' : ''}`)];
  const rows = labels.map((label, k) => {
    const cells = splits.map((split) => {
      const part = (split.perLabel[k] ?? 0) / Math.max(1, ...split.perLabel);
      return `<td><span class="bar" style="--part:${part.toFixed(3)}"></span>${(split.perLabel[k] ?? 0).toLocaleString('en')}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(label)}</th>${cells.join('')}</tr>`;
  });
  const bare = splits.map((split) => unlabelledRows(split));
  if (bare.some((count) => count > 0))
    rows.push(`<tr><th scope="row"><em>no label</em></th>${bare.map((count) => `<td>${count.toLocaleString('en')}</td>`).join('')}</tr>`);
  const total = `<tr class="total"><th scope="row">all</th>${splits.map((split) => `<td>${split.count.toLocaleString('en')}</td>`).join('')}</tr>`;
  return `<section><h2>Classes</h2><div class="wide"><table><thead><tr>${head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}${total}</tbody></table></div></section>`;
}

async function section(result: CheckResult, finding: Finding, index: number): Promise<string> {
  const groups = finding.groups;
  const total = groups ? groups.length : finding.rows.length;
  const shownGroups: readonly Group[] = groups ? groups.slice(0, groupsShown).map((group) => group.slice(0, tilesOfGroup)) : [];
  const shown = groups ? shownGroups.flat() : finding.rows.slice(0, tilesShown);
  const head = `<h2><span class="level ${finding.level}">${levels[finding.level]}</span> ${escapeHtml(finding.title)}</h2>\n<p>${escapeHtml(finding.verdict)}</p>`;
  if (shown.length === 0) return `<section id="finding-${index}">${head}</section>`;
  const captionOf = new Map(finding.rows.map((i, at) => [i, finding.captions?.[at] ?? '']));
  const figures = shown.map((i, at) => figure(result, i, at, captionOf.get(i) ?? ''));
  let tiles: string;
  if (groups) {
    let next = 0;
    tiles = shownGroups
      .map((group, g) => {
        const figuresOfGroup = figures.slice(next, next + group.length).join('');
        next += group.length;
        const more = (groups[g] as Group).length - group.length;
        return `<div class="group">${figuresOfGroup}${more > 0 ? `<span class="more">and ${more} more</span>` : ''}</div>`;
      })
      .join('');
  } else {
    tiles = figures.join('');
  }
  const shownCount = groups ? shownGroups.length : shown.length;
  const rest = total > shownCount ? `<p class="rest">${shownCount} of ${total.toLocaleString('en')} shown.</p>` : '';
  return `<section id="finding-${index}">${head}\n<style>#finding-${index} .tile{${await sprite(result, shown)}}</style>\n<div class="tiles">${tiles}</div>${rest}</section>`;
}

/** All tiles of a section stand below each other in one PNG; each figure shows its part of it. */
async function sprite(result: CheckResult, shown: readonly number[]): Promise<string> {
  const { image } = result.context.scan.store.manifest;
  const png = await contactSheet(await readScanned(result.context.scan, shown), image, { columns: 1, gapPx: 0 });
  const scale = Math.max(1, shownSidePx / image.width);
  return `width:${Math.round(image.width * scale)}px;height:${Math.round(image.height * scale)}px;background-size:100% auto;background-image:url(data:image/png;base64,${png.toString('base64')})`;
}

function figure(result: CheckResult, i: number, at: number, caption: string): string {
  const { context } = result;
  const { scan } = context;
  const { image, labels } = scan.store.manifest;
  const { split } = placeOf(scan, i);
  const { source, split: sourceSplit, row } = identityOf(context, i);
  const label = labels[scan.labels[i] as number] ?? '';
  const height = Math.round(image.height * Math.max(1, shownSidePx / image.width));
  const title = `${source}/${sourceSplit}/${row}`;
  const lines = [label, `${split.name} ${row}`, caption].filter((line) => line !== '').map((line) => `<span>${escapeHtml(line)}</span>`);
  return `<figure title="${escapeHtml(title)}"><div class="tile" role="img" aria-label="${escapeHtml(`${label}, ${title}`)}" style="background-position:0 ${-at * height}px"></div><figcaption>${lines.join('')}</figcaption></figure>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
