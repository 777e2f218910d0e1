/**
 * Results as one self-contained page: no script, nothing loaded. Bars are ratios on a logarithmic axis; a bar's samples
 * show when the pointer or the keyboard's focus is on it.
 */
import type { CaseResult, Group, MeasuredEngine, Results } from "../results.ts";
import { summarize } from "../statistics.ts";
import { digits, duration, percent, statusWords, times } from "./format.ts";
import { Html, html } from "./markup.ts";
import {
  casesOf,
  groupNotes,
  groups,
  isOk,
  kernelCases,
  type Mean,
  meanRatio,
  medianCpu,
  ratioTo,
  referenceOf,
} from "./ratios.ts";
import { logScale, type Scale } from "./scale.ts";
import { style } from "./style.ts";
import { verdicts } from "./targets.ts";

export function page(results: Results): string {
  const { machine, options } = results;
  const present = groups.filter((group) => casesOf(results, group).length > 0);
  const title = `wasmts benchmark, Node ${machine.node}`;
  const document = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(style)}</style>
<header>
<h1>wasmts <span>benchmark</span></h1>
<p>Node ${machine.node} (V8 ${machine.v8}) on ${machine.cpu}, ${machine.cores} cores, ${machine.platform}.
Commit ${machine.commit}, ${machine.date}.</p>
${options.quick === true ? html`<p class="note">A quick run: few samples of little work. For a look, not for the record.</p>` : html``}
</header>
<main>
${legend(results.engines)}
${overview(results, present)}
<section><h2>By group</h2>
<p class="sub">Geometric means of CPU time over the reference's, on a logarithmic axis. Shorter is faster; left of the line is faster than the reference.</p>
<div class="panels">${present.map((group) => panel(results, group))}</div></section>
${targets(results)}
${caseTable(results, "Every call", present, "call")}
${caseTable(results, "Every process", present, "process")}
${troubles(results)}
${about(results)}
</main>
</html>
`;
  return document.text;
}

// ---- bars ----------------------------------------------------------------------------------------------------------------

/** From 1x to `ratio`, with a whisker from `low` to `high`. */
function bar(scale: Scale, kind: string, ratio: number, low?: number, high?: number): Html {
  const [one, end] = [scale.at(1), scale.at(ratio)];
  const [left, width] = [Math.min(one, end), Math.abs(end - one)];
  const whisker =
    low === undefined || high === undefined
      ? html``
      : html`<i style="left:${place(scale.at(low))}%;width:${place(scale.at(high) - scale.at(low))}%"></i>`;
  return html`<span class="track"><u style="left:${place(one)}%"></u><b class="${kind}" style="left:${place(left)}%;width:${place(width)}%"></b>${whisker}</span>`;
}

const place = (value: number): string => value.toFixed(1);

function axis(scale: Scale): Html {
  const marks = scale.ticks.map((tick) => html`<span style="left:${place(scale.at(tick))}%">${`${tick}x`}</span>`);
  return html`<div class="axis" aria-hidden="true"><span></span><div>${marks}</div><span></span></div>`;
}

const kindClass = ({ kind, id }: MeasuredEngine): string =>
  kind === "ours" ? `ours ${id.startsWith("interp") ? "interp" : ""}` : kind;

function legend(engines: readonly MeasuredEngine[]): Html {
  const entry = (engine: MeasuredEngine) =>
    html`<li><b class="${kindClass(engine)}"></b><strong>${engine.title}</strong> <span>${engine.version}, ${engine.detail}</span></li>`;
  return html`<ul class="legend">${engines.map(entry)}</ul>`;
}

// ---- means ---------------------------------------------------------------------------------------------------------------

interface MeanRow {
  readonly engine: MeasuredEngine;
  readonly mean: Mean | undefined;
}

function bars(rows: readonly MeanRow[], reference: string | undefined, scale: Scale): Html {
  const line = ({ engine, mean }: MeanRow) => {
    const isReference = engine.id === reference;
    const value = mean === undefined ? "-" : isReference ? "1x" : times(mean.ratio);
    const part = mean !== undefined && mean.count < mean.of ? html`<small>${mean.count} of ${mean.of}</small>` : html``;
    const drawn = mean === undefined ? html`<span class="track"></span>` : bar(scale, kindClass(engine), mean.ratio);
    return html`<div class="bar${isReference ? " reference" : ""}"><span class="name">${engine.title}</span>${drawn}<span class="value">${value}${part}</span></div>`;
  };
  return html`${rows.map(line)}${axis(scale)}`;
}

function meansOf(results: Results, cases: readonly CaseResult[]): Html {
  const reference = referenceOf(results, cases[0]!.unit);
  const rows = enginesOf(results, cases).map((engine) => ({ engine, mean: meanRatio(cases, engine.id, reference) }));
  return bars(rows, reference, unitScale(results, cases[0]!.unit));
}

function panel(results: Results, group: Group): Html {
  const cases = casesOf(results, group);
  const count = cases.length === 1 ? "1 case" : `${cases.length} cases`;
  return html`<article><h3>${group} <small>${count}</small></h3><p class="sub">${groupNotes[group]}</p>${meansOf(results, cases)}</article>`;
}

function overview(results: Results, present: readonly Group[]): Html {
  const kernels = kernelCases(results);
  const whole = results.cases.filter(({ unit }) => unit === "process");
  const part = (title: string, cases: readonly CaseResult[]) =>
    cases.length === 0 || present.length < 2
      ? html``
      : html`<article class="wide"><h3>${title} <small>${cases.length} cases</small></h3>${meansOf(results, cases)}</article>`;
  return html`<section><h2>At a glance</h2><div class="panels">${part("Kernels, warm", kernels)}${part("Whole programs", whole)}</div></section>`;
}

function targets(results: Results): Html {
  const list = verdicts(results);
  if (list.length === 0) return html``;
  const row = ({ what, value, target, isMet }: (typeof list)[number]) =>
    html`<tr><td>${what}</td><td class="n">${value}</td><td class="n">${target}</td><td><em class="${isMet ? "met" : "missed"}">${isMet ? "met" : "missed"}</em></td></tr>`;
  return html`<section><h2>Targets</h2><div class="scroll"><table class="plain"><thead><tr><th>measure</th><th class="n">this run</th><th class="n">target</th><th></th></tr></thead><tbody>${list.map(row)}</tbody></table></div></section>`;
}

// ---- every case ----------------------------------------------------------------------------------------------------------

function caseTable(results: Results, title: string, present: readonly Group[], unit: CaseResult["unit"]): Html {
  const cases = results.cases.filter((result) => result.unit === unit);
  if (cases.length === 0) return html``;
  const reference = referenceOf(results, unit);
  const engines = enginesOf(results, cases);
  const scale = unitScale(results, unit);
  const head = engines.map(
    ({ id, title }) => html`<th>${title}${id === reference ? html`<small>CPU ms</small>` : html``}</th>`,
  );
  const row = (result: CaseResult) =>
    html`<tr><th>${result.name}</th>${engines.map((engine) => cell(result, engine, reference, scale))}</tr>`;
  const part = (group: Group) => {
    const own = cases.filter((result) => result.group === group);
    if (own.length === 0) return html``;
    return html`<tr class="group"><th colspan="${engines.length + 1}">${group} <small>${groupNotes[group]}</small></th></tr>${own.map(row)}`;
  };
  return html`<section><h2>${title}</h2><p class="sub">CPU time as a ratio to ${reference}'s, with the quartiles of the ratios as a line over the bar. Point at a cell for its figures.</p>
<div class="scroll"><table class="cases"><thead><tr><th></th>${head}</tr></thead><tbody>${present.map(part)}</tbody></table></div></section>`;
}

const enginesOf = (results: Results, cases: readonly CaseResult[]): MeasuredEngine[] =>
  results.engines.filter(({ id }) => cases.some(({ outcomes }) => outcomes[id] !== undefined));

/** One axis for everything of a kind, so that bars can be compared from panel to panel. */
function unitScale(results: Results, unit: CaseResult["unit"]): Scale {
  const reference = referenceOf(results, unit);
  const cases = results.cases.filter((result) => result.unit === unit);
  return logScale(
    cases.flatMap((result) => results.engines.flatMap(({ id }) => ratioTo(result, id, reference)?.median ?? [])),
  );
}

function cell(result: CaseResult, engine: MeasuredEngine, reference: string | undefined, scale: Scale): Html {
  const outcome = result.outcomes[engine.id];
  if (outcome === undefined) return html`<td></td>`;
  if (!isOk(outcome))
    return html`<td tabindex="0" data-tip="${outcome.detail}"><em class="${outcome.status}">${statusWords[outcome.status]}</em></td>`;
  const tip = detailsOf(result, engine, reference);
  const ratio = ratioTo(result, engine.id, reference);
  if (engine.id === reference || ratio === undefined)
    return html`<td tabindex="0" data-tip="${tip}"><span class="value">${digits(medianCpu(outcome))}</span></td>`;
  return html`<td tabindex="0" data-tip="${tip}"><span class="value">${times(ratio.median)}</span>${bar(scale, kindClass(engine), ratio.median, ratio.low, ratio.high)}</td>`;
}

/** What the tip of a cell says, a line for each figure. */
function detailsOf(result: CaseResult, engine: MeasuredEngine, reference: string | undefined): string {
  const outcome = result.outcomes[engine.id];
  if (!isOk(outcome)) return "";
  const [cpu, wall] = [summarize(outcome.cpu), summarize(outcome.wall)];
  const ratio = ratioTo(result, engine.id, reference);
  const lines = [
    `${result.name}, ${engine.title}`,
    `CPU ${duration(cpu.median)} (${digits(cpu.min)} to ${digits(cpu.max)}), ${outcome.cpu.length} samples`,
    `wall ${duration(wall.median)}`,
  ];
  if (ratio && engine.id !== reference)
    lines.push(`${times(ratio.median)} of ${reference}, quartiles ${times(ratio.low)} to ${times(ratio.high)}`);
  if (outcome.loadMs !== undefined)
    lines.push(`load ${duration(outcome.loadMs)}, first call ${duration(outcome.firstMs ?? 0)}`);
  if (outcome.peakMiB !== undefined) lines.push(`peak memory ${Math.round(outcome.peakMiB)} MiB`);
  return lines.join("\n");
}

// ---- the rest ------------------------------------------------------------------------------------------------------------

function troubles(results: Results): Html {
  const rows = results.cases.flatMap((result) =>
    results.engines.flatMap(({ id, title }) => {
      const outcome = result.outcomes[id];
      if (outcome === undefined || isOk(outcome)) return [];
      return [
        html`<tr><td>${result.name}</td><td>${title}</td><td><em class="${outcome.status}">${statusWords[outcome.status]}</em></td><td>${outcome.detail}</td></tr>`,
      ];
    }),
  );
  if (rows.length === 0) return html``;
  return html`<section><h2>Not measured</h2><p class="sub">A wrong answer is not timed.</p><div class="scroll"><table class="plain"><tbody>${rows}</tbody></table></div></section>`;
}

function about(results: Results): Html {
  const memory = results.engines.filter(({ peakMiB }) => peakMiB !== undefined);
  const decode = results.decode;
  const facts = [
    ...memory.map(
      ({ title, peakMiB }) => html`<li>${title}: ${Math.round(peakMiB!)} MiB at most, over all kernels</li>`,
    ),
    ...(decode
      ? [
          html`<li>decode and validate ${digits(decode.bytes / 1e6)} MB of esbuild: ${digits(decode.coldMBps)} MB/s first, ${digits(decode.warmMBps)} MB/s again (V8 validates ${digits(decode.v8ValidateMBps)} MB/s; our CPU time is ${percent(decode.coldCpuOverWall)} of the wall time)</li>`,
        ]
      : []),
  ];
  return html`<section class="about"><h2>How it was measured</h2>
<p>Every engine has a process of its own. Samples of a case alternate between the engines, so that all see the same machine; a ratio is the median of the ratios round by round, its whisker the quartiles. Calls are warm; whole processes include start-up. Load average at the start: ${results.machine.loadBefore}.</p>
<ul>${facts}</ul></section>`;
}
