"use strict";

const BASIS_NOTES = { model: "according to Microsoft's contract library", convention: "interpretation by claimsctl, not documented" };
const rows = new Map();
let chosen = null;
const main = document.querySelector("main");
const panel = document.getElementById("details");
const PHASES = {
  dns: "DNS", connect: "connect", tls: "TLS", send: "send", first_byte: "first byte", body: "body",
};
const OUTCOMES = { accepted: "accepted", rejected: "rejected", "not-judged": "not judged", waiting: "waiting" };

/** Create an element with text and children; received text never becomes markup. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

const bytes = (count) => (count < 1000 ? `${count} B` : `${(count / 1000).toFixed(1)} kB`);
const took = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);
const clock = (at) => {
  const time = new Date(at);
  return `${time.toLocaleTimeString([], { hour12: false })}.${String(time.getMilliseconds()).padStart(3, "0")}`;
};

function chip(row) {
  const label = row.outcome === "rejected" && row.entra_code ? `rejected ${row.entra_code}` : OUTCOMES[row.outcome];
  return make("span", { class: `chip ${row.outcome}` }, label);
}

function showRow(row) {
  const why = row.title ? make("span", { class: "why" }, row.title) : null;
  const pick = make("button", { class: "pick", type: "button" }, clock(row.at));
  const line = make(
    "tr",
    { id: `row-${row.number}`, "aria-selected": String(row.number === chosen) },
    make("td", { class: "time" }, pick),
    make("td", { class: "outcome" }, chip(row), why),
    make("td", { class: "status" }, row.status === null ? "—" : String(row.status)),
    make("td", { class: "number took" }, took(row.total_ms)),
    make("td", { class: "number size" }, bytes(row.request_bytes)),
    make("td", { class: "number size" }, bytes(row.answer_bytes)),
    make("td", { class: "id wide-only", "data-label": "user", title: row.user_id }, row.user_id || "—"),
    make("td", { class: "id wide-only", "data-label": "correlation", title: row.correlation_id }, row.correlation_id || "—"),
  );
  line.addEventListener("click", () => choose(row.number));
  const shown = document.getElementById(line.id);
  if (shown) shown.replaceWith(line);
  else document.getElementById("rows").prepend(line);
}

function update(news) {
  document.getElementById("upstream").textContent = `→ ${news.upstream}`;
  for (const row of news.rows) {
    rows.set(row.number, row);
    showRow(row);
    if (row.number === chosen) choose(chosen);
  }
  document.getElementById("empty").hidden = rows.size > 0;
  document.querySelector("table").hidden = rows.size === 0;
  const counts = Object.entries(news.counts).filter(([, count]) => count > 0);
  document.getElementById("counts").replaceChildren(
    ...counts.map(([outcome, count]) => make("span", { class: `chip ${outcome}` }, `${count} ${OUTCOMES[outcome]}`)),
    ...(news.dropped ? [make("span", { class: "chip warn" }, `${news.dropped} not recorded`)] : []),
  );
}

async function choose(number) {
  chosen = number;
  for (const line of document.querySelectorAll("#rows tr")) {
    line.setAttribute("aria-selected", String(line.id === `row-${number}`));
  }
  const answer = await fetch(`exchanges/${number}`);
  if (chosen !== number) return;
  main.classList.add("open");
  panel.hidden = false;
  if (answer.ok) showDetails(await answer.json());
  else panel.replaceChildren(make("p", { class: "remark" }, "This exchange is no longer kept."));
  if (matchMedia("(max-width: 1000px)").matches) panel.scrollIntoView({ block: "start" });
}

function close() {
  chosen = null;
  panel.hidden = true;
  main.classList.remove("open");
  for (const line of document.querySelectorAll("#rows tr")) line.setAttribute("aria-selected", "false");
}

function showDetails(d) {
  const button = make("button", { class: "close", type: "button" }, "Close");
  button.addEventListener("click", close);
  panel.replaceChildren(
    make("div", { class: "title" }, make("h2", {}, headline(d)), button),
    make("p", { class: "verdict" }, chip(d), " ", d.verdict && BASIS_NOTES[d.verdict.basis] ? make("span", { class: "remark" }, BASIS_NOTES[d.verdict.basis]) : ""),
    ...[d.reason, d.masked ? "Secrets, personal data and claim values are masked. Masked values keep their real lengths." : "Not masked."]
      .filter(Boolean).map((text) => make("p", { class: "remark" }, text)),
    list({ time: new Date(d.at).toLocaleString(), user: d.user_id, correlation: d.correlation_id }),
    make(
      "div", { class: "actions" },
      make("a", { href: `exchanges/${d.number}/exchange.json`, download: "" }, "Download the exchange (for claimsctl judge)"),
      make("a", { href: `exchanges/${d.number}/callout.json`, download: "" }, "Download the callout (for claimsctl invoke)"),
    ),
    ...findings(d), ...timing(d), ...answer(d), ...request(d),
  );
}

function headline(d) {
  if (d.outcome === "accepted") return "Entra would accept this answer";
  if (d.outcome === "waiting") return "The service has not answered yet";
  if (d.outcome === "not-judged") return `${d.method || "Unread"} ${d.target}`;
  return d.title;
}

function findings(d) {
  if (!d.verdict) return d.no_answer ? [make("h3", {}, "No answer"), make("p", { class: "remark" }, d.no_answer.detail)] : [];
  const found = d.verdict.findings;
  return [
    ...(found.length ? [make("h3", {}, "Findings")] : []),
    ...found.map((finding) => make(
      "div", { class: `finding ${finding.level}` },
      make(
        "div", { class: "head" },
        make("span", { class: `chip ${finding.level}` }, finding.id), finding.title,
        make("span", { class: "code" }, [finding.entra_code, BASIS_NOTES[finding.basis]].filter(Boolean).join("; ")),
      ),
      excerpt(d, finding.place),
      list({
        at: finding.place && `line ${finding.place.line}, column ${finding.place.column} ${finding.place.pointer}`,
        found: finding.evidence, expected: finding.expected, do: finding.hint,
      }),
    )),
    ...(d.verdict.claims_bytes ? [make("h4", {}, "Size of the claims"), bar(d.verdict.claims_bytes, d.claims_bytes_max)] : []),
  ];
}

function list(pairs) {
  const shown = Object.entries(pairs).filter(([, value]) => value);
  return make("dl", {}, ...shown.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** The part of the answer's line around a finding's position. */
function excerpt(d, place) {
  if (!place || !d.answer) return null;
  const line = Array.from(d.answer.body.split("\n")[place.line - 1] || "");
  const at = place.column - 1;
  const from = Math.max(0, at - 40);
  const until = Math.min(line.length, at + 60);
  const end = Math.min(until, at + tokenLength(line.slice(at).join("")));
  return make(
    "pre", {}, (from ? "…" : "") + line.slice(from, at).join(""),
    make("mark", {}, line.slice(at, end).join("") || " "), line.slice(end, until).join("") + (until < line.length ? "…" : ""),
  );
}

function tokenLength(text) {
  const token = text.match(/^("(?:[^"\\]|\\.)*"?|[\w.+-]+|.)/u);
  return token ? Array.from(token[0]).length : 1;
}

function bar(value, limit) {
  return make(
    "div", { class: "phase sized" }, make("span", {}, "claims"),
    drawn(0, Math.min(1, value / limit), value > limit), make("span", {}, `${value} of ${limit} B`),
  );
}

/** A bar from one share of the width to another. */
function drawn(from, until, bad) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const rectangle = document.createElementNS(space, "rect");
  rectangle.setAttribute("x", `${from * 100}%`);
  rectangle.setAttribute("width", `${Math.max(0.4, (until - from) * 100)}%`);
  rectangle.setAttribute("height", "100%");
  rectangle.setAttribute("class", bad ? "fill bad" : "fill");
  svg.setAttribute("aria-hidden", "true");
  svg.append(rectangle);
  return svg;
}

function timing(d) {
  let passed = 0;
  const scale = Math.max(d.total_ms, d.wait_ms);
  const lines = Object.entries(d.timings).map(([phase, ms]) => {
    const from = passed;
    passed += ms;
    const failed = d.no_answer !== null && d.no_answer.phase === phase;
    return make("div", { class: "phase" }, make("span", {}, PHASES[phase]), drawn(from / scale, passed / scale, failed), make("span", {}, took(ms)));
  });
  const late = d.total_ms > d.wait_ms;
  return [
    make("h3", {}, "Timing"), ...lines,
    make("div", { class: "phase" }, make("span", {}, "total"), drawn(0, Math.min(1, d.total_ms / scale), late), make("span", {}, took(d.total_ms))),
    make("p", { class: "remark" }, `The full width is ${took(scale)}${late ? "" : ", the extension's timeout"}. Measured on this machine, without the time in the tunnel.`),
  ];
}

function side(part) {
  const pretty = prettied(part.body);
  const note = part.whole ? `${bytes(part.body_bytes)}` : `${bytes(part.body_bytes)}, of which only the beginning was kept`;
  const raw = make("pre", {}, part.body);
  return [
    make("h4", {}, "Headers"),
    make("pre", {}, part.headers.map(([name, value]) => `${name}: ${value}`).join("\n") || "none"),
    make("h4", {}, `Body, ${note}`),
    ...(part.body === "" ? [make("p", { class: "remark" }, "empty")]
      : pretty === null ? [raw]
        : [make("pre", {}, pretty), make("details", {}, make("summary", {}, "as received"), raw)]),
  ];
}

function prettied(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

function answer(d) {
  if (!d.answer) return [make("h3", {}, "Answer"), make("p", { class: "remark" }, "No answer.")];
  return [make("h3", {}, `Answer ${d.status ?? ""}`), ...side(d.answer)];
}

function request(d) {
  const token = d.token && (d.token.claims
    ? [make("pre", {}, JSON.stringify(d.token.header, null, 2)), make("h4", {}, "Claims"),
      make("pre", {}, JSON.stringify(d.token.claims, null, 2)),
      ...d.token.differences.map((each) => make("p", {},
        `${each.part}: ${each.found}; expected ${each.expected}. ${each.cause} ${each.cure}`)),
      make("p", { class: "remark" }, d.token.signed ? "The signature is neither shown nor checked here." : "The token has no signature.")]
    : [make("p", { class: "remark" }, "The token cannot be read.")]);
  return [
    make("h3", {}, "Request"), make("pre", {}, `${d.method} ${d.url}`),
    make("h4", {}, "Token"), ...(token || [make("p", { class: "remark" }, "none")]),
    ...side(d.request),
  ];
}

function listen() {
  const live = document.getElementById("live");
  const source = new EventSource("events");
  const state = (name, text) => {
    live.dataset.state = name;
    live.textContent = text;
  };
  source.onopen = () => state("live", "live");
  source.onmessage = (event) => update(JSON.parse(event.data));
  source.onerror = () => state("ended", "tap has stopped");
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});
listen();
