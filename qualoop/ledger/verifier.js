// Checks the learning record that stands in this page. Nothing is loaded and nothing is sent: SHA-256 and RS256 are
// here in full, because a page opened from a disk has no Web Cryptography in every browser.
"use strict";

// --- SHA-256 (FIPS 180-4) ---

const ROUND = new Uint32Array(64);
const START = new Uint32Array(8);
{
  // The first 32 bits of the fractional parts of the cube and square roots of the first primes.
  const isPrime = (n) => { for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false; return true; };
  const fraction = (x) => Math.floor((x - Math.floor(x)) * 0x100000000);
  for (let n = 2, found = 0; found < 64; n += 1) {
    if (!isPrime(n)) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(n));
    ROUND[found] = fraction(Math.cbrt(n));
    found += 1;
  }
}

function sha256(bytes) {
  const size = ((bytes.length + 9 + 63) >> 6) << 6;
  const padded = new Uint8Array(size);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(size - 8, Math.floor(bytes.length / 0x20000000));
  view.setUint32(size - 4, (bytes.length << 3) >>> 0);
  const h = START.slice();
  const w = new Uint32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let offset = 0; offset < size; offset += 64) {
    for (let i = 0; i < 16; i += 1) w[i] = view.getUint32(offset + i * 4);
    for (let i = 16; i < 64; i += 1) {
      const a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, k] = h;
    for (let i = 0; i < 64; i += 1) {
      const one = (k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) >>> 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) >>> 0;
      k = g; g = f; f = e; e = (d + one) >>> 0; d = c; c = b; b = a; a = (one + two) >>> 0;
    }
    [a, b, c, d, e, f, g, k].forEach((value, i) => { h[i] += value; });
  }
  const out = new Uint8Array(32);
  h.forEach((value, i) => new DataView(out.buffer).setUint32(i * 4, value));
  return out;
}

// --- Bytes and text ---

const encoder = new TextEncoder();
const utf8 = (text) => encoder.encode(text);
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function fromHex(text) {
  if (typeof text !== "string" || !/^[0-9a-f]{64}$/.test(text)) throw new Error("not a hash");
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
}

function fromBase64Url(text) {
  if (typeof text !== "string" || !/^[\w-]+$/.test(text)) throw new Error("not base64url");
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  // One way of writing only: no bit may be changed unnoticed, not even one that says nothing.
  if (toBase64Url(bytes) !== text) throw new Error("not base64url");
  return bytes;
}

function toBase64Url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// RFC 8785 for what stands in a ledger: text, whole numbers, true, false, null, lists, objects.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error("not a whole number");
  return JSON.stringify(value);
}

// --- What is checked ---

function provesInclusion(leaf, index, size, proof, root) {
  // RFC 9162, 2.1.3.2
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let current = sha256(joined([0], fromHex(leaf)));
  let at = index, last = size - 1;
  for (const sibling of proof.map(fromHex)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      current = sha256(joined([1], sibling, current));
      while (at !== 0 && at % 2 === 0) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
    } else {
      current = sha256(joined([1], current, sibling));
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && toHex(current) === root;
}

const thumbprint = (key) => toBase64Url(sha256(utf8(`{"e":"${key.e}","kty":"${key.kty}","n":"${key.n}"}`)));
const toInteger = (bytes) => BigInt(`0x${toHex(bytes)}`);
const SHA256_INFO = "3031300d060960864801650304020105000420";

// Tells whether a compact JWS (RS256: RFC 8017, 8.2.2) signs `text` under one of the keys.
function isSigned(jws, text, keys) {
  const [head, payload, signature, ...more] = jws.split(".");
  const header = JSON.parse(new TextDecoder().decode(fromBase64Url(head)));
  const key = keys.find((each) => each.kid === header.kid);
  if (more.length || header.alg !== "RS256" || !key || key.kty !== "RSA" || thumbprint(key) !== key.kid) return false;
  if (toBase64Url(utf8(text)) !== payload) return false;
  const modulus = toInteger(fromBase64Url(key.n));
  let power = toInteger(fromBase64Url(signature)), exponent = toInteger(fromBase64Url(key.e)), opened = 1n;
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) opened = (opened * power) % modulus;
    power = (power * power) % modulus;
  }
  const digest = SHA256_INFO + toHex(sha256(utf8(`${head}.${payload}`)));
  const length = fromBase64Url(key.n).length * 2;
  return opened.toString(16).padStart(length, "0") === `0001${"f".repeat(length - 6 - digest.length)}00${digest}`;
}

function isSealGood(seal, data) {
  const { link, chain_hash: chainHash, signature, ...facts } = seal;
  const made = sha256(joined([3], fromHex(link), sha256(utf8(canonical(facts)))));
  return facts.organisation === data.organisation && facts.format === "qualoop-seal-1" && toHex(made) === chainHash
    && isSigned(signature, `${facts.organisation}.${facts.number}.${chainHash}`, data.keys);
}

function attempt(check) {
  try { return check(); } catch { return false; }
}

// Returns for each event: "proven", "unsealed" (nothing vouches for it yet), "changed", or "seal" (its seal is broken).
function judge(data) {
  const seals = new Map(data.seals.map((seal) => [seal.number, { seal, good: attempt(() => isSealGood(seal, data)) }]));
  const seen = new Set();
  return data.events.map((row) => {
    const event = row.event;
    // One event shown twice could hide that another one was taken out.
    if (seen.has(row.hash)) return "changed";
    seen.add(row.hash);
    const isItself = attempt(() => toHex(sha256(utf8(canonical(event)))) === row.hash && event.format === "qualoop-event-1"
      && event.learner === data.learner && event.organisation === data.organisation);
    if (!isItself) return "changed";
    if (row.seal === null) return "unsealed";
    const found = seals.get(row.seal);
    if (!found || !found.good) return "seal";
    const { count, merkle_root: root } = found.seal;
    return attempt(() => provesInclusion(row.hash, row.index, count, row.proof, root)) ? "proven" : "changed";
  });
}

// --- Words ---

const WORDS = {
  en: {
    title: "Learning record",
    good: (n) => `All ${n} events are exactly as the school recorded and signed them.`,
    goodNew: (n, u) => `${n} events are exactly as the school recorded and signed them. ${u} more ${u === 1 ? "is" : "are"} too new to be sealed.`,
    allNew: (u) => `Nothing is sealed yet: ${u === 1 ? "the one event here is" : `all ${u} events here are`} too new.`,
    bad: (n) => (n === 1 ? "1 event is not as it was recorded." : `${n} events are not as they were recorded.`),
    none: "There are no events in this record yet.",
    held: "Some of your results are not shown yet: they are left out of this file.",
    unreadable: "The data of this file cannot be read: the file was changed or is damaged.",
    newHint: "A seal follows within seconds of recording. Until then nothing vouches for an event: download the record again later.",
    proven: "as recorded", unsealed: "not sealed yet", changed: "changed", seal: "seal broken",
    changedHint: "What stands here is not what was recorded, or its proof was altered.",
    sealHint: "The signed root that should vouch for this event was altered.",
    learner: "Learner (pseudonym)", organisation: "Organisation (pseudonym)", made: "File made", published: "Seals and keys are published at",
    keys: "Signed with key", events: "Events", details: "Details", time: "When", what: "What", score: "Score", state: "Check",
    recorded: "Recorded", by: "By", attempt: "Attempt", form: "Form", tries: "Try", hints: "Hints", target: "Corrects", reason: "Reason", note: "Note (not part of the proof)", hash: "Hash", body: "As recorded", hour: "Occurred",
    later: "Corrected by a later event",
    howTitle: "What this page checks",
    how: [
      "Each event is hashed again (SHA-256 over its canonical form) and led by its proof to the signed root of its seal. The root's signature is checked with the school's public key. All of it happens in this page, without network.",
      "Somebody who changes the file could also put another key into it. To be sure, compare the key below with the one that the school publishes, or check a copy of this data with a program that you trust.",
      "The page cannot show that an event is missing. A note is stored encrypted; its plain words here are not covered by the proof.",
    ],
    types: { "evidence.recorded": "Answer", "assertion.made": "Judgement", "assertion.revised": "Score corrected", "assertion.voided": "Voided", "appeal.opened": "Appeal", "appeal.decided": "Appeal decided", "decision.made": "Decision", "erased": "Identity erased" },
    reasons: { error: "error", fraud: "fraud", superseded: "superseded", appeal: "appeal" },
  },
  "zh-Hans": {
    title: "学习记录",
    good: (n) => `全部 ${n} 条记录与学校登记并签名的内容完全一致。`,
    goodNew: (n, u) => `${n} 条记录与学校登记并签名的内容完全一致，另有 ${u} 条太新，尚未封存。`,
    allNew: (u) => `尚无封存：这里的 ${u} 条记录都太新。`,
    bad: (n) => `有 ${n} 条记录与原登记不符。`,
    none: "此记录中还没有内容。",
    held: "你的部分成绩尚未公布，没有包含在本文件中。",
    unreadable: "无法读取文件中的数据：文件被改动过，或已损坏。",
    newHint: "登记后数秒内就会封存。封存之前没有任何凭据为该条记录作证，请稍后重新下载。",
    proven: "与登记一致", unsealed: "尚未封存", changed: "被改动", seal: "封存失效",
    changedHint: "此处内容与登记时不同，或其证明被改动。",
    sealHint: "为该条记录作证的签名根被改动。",
    learner: "学习者（代号）", organisation: "机构（代号）", made: "文件生成时间", published: "封存与公钥公布于",
    keys: "签名公钥", events: "记录", details: "详情", time: "时间", what: "内容", score: "得分", state: "核验",
    recorded: "登记时间", by: "登记者", attempt: "答题", form: "形式", tries: "第几次", hints: "提示", target: "更正对象", reason: "原因", note: "说明（不在证明范围内）", hash: "散列值", body: "登记原文", hour: "发生时间",
    later: "后来有更正",
    howTitle: "本页核验什么",
    how: [
      "每条记录都重新计算散列值（对规范形式取 SHA-256），并沿证明核对到其封存的签名根；签名用学校的公钥核验。全部在本页完成，不使用网络。",
      "改动文件的人也可能换上另一把公钥。为确保可信，请把下面的公钥与学校公布的公钥比对，或用您信任的程序核验这些数据。",
      "本页无法发现缺失的记录。说明文字以加密形式存储，此处的明文不在证明范围内。",
    ],
    types: { "evidence.recorded": "作答", "assertion.made": "认定", "assertion.revised": "更正得分", "assertion.voided": "作废", "appeal.opened": "申诉", "appeal.decided": "申诉裁定", "decision.made": "决定", "erased": "身份已删除" },
    reasons: { error: "错误", fraud: "作弊", superseded: "被取代", appeal: "申诉" },
  },
};

// --- The page ---

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

const plain = (value) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const MARKS = { proven: "✓", unsealed: "…", changed: "✗", seal: "✗" };

function moment(text, language) {
  const found = new Date(text);
  return Number.isNaN(found.getTime()) ? String(text)
    : found.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

function partOf(event) {
  const body = event.body || {};
  return body.activity ? `${body.activity} / ${body.part}` : plain(body.code);
}

// Returns what happened, and to what: for a correction the part that it corrects, where that is in the file.
function subject(event, words, data) {
  const { target } = event.body || {};
  const corrected = target && data.events.find((row) => row.event.uuid === target);
  return [words.types[event.type] || String(event.type), (corrected && partOf(corrected.event)) || partOf(event) || plain(target)];
}

function facts(row, words, language) {
  const { event } = row, body = event.body || {};
  const rows = [
    [words.hour, moment(event.occurred_at, language)], [words.recorded, moment(event.recorded_at, language)],
    [words.by, plain(event.actor)], [words.attempt, plain(body.attempt)], [words.form, plain(body.form)], [words.tries, plain(body.try)],
    [words.hints, plain(body.hints)], [words.target, plain(body.target)], [words.reason, words.reasons[body.reason] || plain(body.reason)],
    [words.note, plain(row.note)], ["UUID", plain(event.uuid)], [words.hash, plain(row.hash)],
  ].filter(([, value]) => value !== "");
  const list = element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  return element("details", {}, element("summary", {}, words.details), list,
    element("p", { class: "label" }, words.body), element("pre", { tabindex: "0" }, JSON.stringify(event, null, 2)));
}

function entry(row, state, words, language, data) {
  const { event } = row;
  const [kind, name] = subject(event, words, data);
  const hint = { changed: words.changedHint, seal: words.sealHint }[state];
  const later = data.later.get(event.uuid);
  return element("li", { class: "event", "data-state": state, id: `event-${event.uuid}` },
    element("p", { class: "when" }, moment(event.occurred_at, language)),
    element("p", { class: "what" }, element("strong", {}, kind), ` ${name}`),
    element("p", { class: "score" }, plain(event.body && event.body.score) === "" ? "" : `${words.score} ${event.body.score}`),
    element("p", { class: "state" }, element("span", { "aria-hidden": "true" }, MARKS[state]), ` ${words[state]}`),
    hint ? element("p", { class: "hint" }, hint) : null,
    later ? element("p", { class: "later" }, element("a", { href: `#event-${later.event.uuid}` }, words.later)) : null,
    facts(row, words, language));
}

function verdict(data, states, words, language) {
  const count = (...wanted) => states.filter((state) => wanted.includes(state)).length;
  const bad = count("changed", "seal"), fresh = count("unsealed"), proven = count("proven");
  const said = bad ? words.bad(bad) : !states.length ? (data.held_back ? words.held : words.none) : !fresh ? words.good(proven)
    : proven ? words.goodNew(proven, fresh) : words.allNew(fresh);
  const named = data.events.flatMap((row, i) => {
    if (!["changed", "seal"].includes(states[i])) return [];
    const { event } = row, [kind, name] = subject(event, words, data);
    return [element("li", {}, element("a", { href: `#event-${event.uuid}` }, `${kind} ${name}, ${moment(event.occurred_at, language)}`), `: ${words[states[i]]}`)];
  });
  return element("section", { class: "verdict", role: "status", "data-verdict": bad ? "bad" : fresh || !proven ? "new" : "good" },
    element("p", { class: "said" }, element("span", { "aria-hidden": "true" }, bad ? "✗ " : fresh || !proven ? "… " : "✓ "), said),
    named.length ? element("ul", {}, ...named) : null, fresh && !bad ? element("p", { class: "hint" }, words.newHint) : null,
    data.held_back && said !== words.held ? element("p", { class: "hint held" }, words.held) : null);
}

function about(data, words, language) {
  const address = plain(data.published);
  const where = /^https?:\/\//.test(address) ? element("a", { href: address, rel: "noreferrer" }, address) : address;
  const rows = [[words.learner, plain(data.learner)], [words.organisation, plain(data.organisation)], [words.made, moment(data.made_at, language)],
    [words.published, where], ...data.keys.map((key) => [words.keys, plain(key.kid)])];
  return element("section", { class: "about" },
    element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    element("details", {}, element("summary", {}, words.howTitle), ...words.how.map((text) => element("p", {}, text))));
}

function show(data, states, language) {
  const words = WORDS[language];
  document.documentElement.lang = language;
  document.querySelectorAll("[data-language]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-language") === language));
  });
  const parts = data
    ? [verdict(data, states, words, language), about(data, words, language), element("h2", {}, words.events),
      element("ol", { class: "events" }, ...data.events.map((row, i) => entry(row, states[i], words, language, data)))]
    : [element("section", { class: "verdict", role: "status", "data-verdict": "bad" }, element("p", { class: "said" }, words.unreadable))];
  document.getElementById("main").replaceChildren(element("h1", {}, words.title), ...parts);
}

// Returns the data of a record, or false where they are none.
function read(text) {
  return attempt(() => {
    const data = JSON.parse(text);
    const isObject = (value) => typeof value === "object" && value !== null;
    const isWhole = data.format === "qualoop-record-1"
      && [data.events, data.seals, data.keys].every((rows) => Array.isArray(rows) && rows.every(isObject));
    if (!isWhole || !data.events.every((row) => isObject(row.event))) return false;
    // Of several corrections of one event the last one holds.
    return { ...data, later: new Map(data.events.map((row) => [(row.event.body || {}).target, row])) };
  });
}

{
  const data = read(document.getElementById("data").textContent);
  const states = data ? judge(data) : [];
  const start = document.documentElement.lang in WORDS ? document.documentElement.lang : "en";
  const turn = (language) => show(data, states, language);
  document.querySelectorAll("[data-language]").forEach((button) => {
    button.addEventListener("click", () => turn(button.getAttribute("data-language")));
  });
  turn(start);
}
