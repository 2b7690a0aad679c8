/**
 * Brings captures to the server. A capture leaves the queue only when the server says that it has it; whatever else
 * happens, it is sent again. The server makes one of two.
 */
import { publicKey } from "./phone_keys";
import type { Phone } from "./phone_model";
import { PHOTO_TYPE } from "./phone_photos";
import type { Capture, CaptureState, Outcome, Pack } from "./phone_types";
import { language } from "./phone_words";

const API = "/phone/api/";
const BATCH = 50;
const BATCH_BYTES = 200_000;
const PATIENCE_MS = 20_000;
const PHOTO_PATIENCE_MS = 90_000;
const FIRST_WAIT_MS = 3_000;
const LONGEST_WAIT_MS = 120_000;
const LOOK_EVERY_MS = 60_000;
const ENDED = "observation-ended";
const KEY_SET = "observation-key-set";
const KEY_MISSING = "observation-key-missing";
const STATES: ReadonlySet<string> = new Set(["recorded", "kept", "refused"]);
/** What says nothing about the request itself: the next try may go through. */
const PASSING: ReadonlySet<number> = new Set([403, 404, 408, 409, 425, 429]);

/** What stands between this phone and the server. */
export type Trouble = "" | "offline" | "server" | "ended" | "unknown" | "key";

interface Result {
  readonly id: string | null;
  readonly state: string;
  readonly code?: string | null;
  readonly message?: string | null;
}

class AnswerError extends Error {
  constructor(readonly status: number, readonly code: string, readonly words: string) {
    super(`${status} ${code}`);
  }

  get isPassing(): boolean {
    return this.status >= 500 || PASSING.has(this.status);
  }
}

export class Sender {
  trouble: Trouble = "";
  isSending = false;
  #timer = 0;
  #wait = 0;
  #isWanted = false;
  #isAsked = false;
  #lookedAt = 0;
  /** Pictures that the server does not take; they are tried again when the app is opened the next time. */
  readonly #refused = new Set<string>();

  constructor(readonly phone: Phone) {}

  start(): void {
    window.addEventListener("online", () => void this.now());
    window.addEventListener("offline", () => this.#say("offline"));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.now();
    });
    void this.now();
  }

  /**
   * Sends what can be sent, and looks what is new. Never twice at a time. Whoever asks for it does not want to undo any
   * more, and does not wait for the next look.
   */
  async now(isAsked = false): Promise<void> {
    clearTimeout(this.#timer);
    this.#isAsked ||= isAsked;
    if (this.isSending) {
      this.#isWanted = true;
      return;
    }
    this.isSending = true;
    this.phone.changed();
    try {
      this.trouble = await this.#round();
      this.#wait = 0;
    } catch (error) {
      this.#wait = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, this.#wait * 2));
      this.trouble = this.#troubleOf(error);
      if (error instanceof AnswerError && error.code === KEY_MISSING) await this.phone.note({ keyTaken: false });
    }
    await this.#leaveOff();
    this.isSending = false;
    this.#isAsked &&= this.#isWanted;
    this.phone.changed();
    this.#later();
  }

  /** Makes this browser a device of an invitation; says whether it became one. */
  async join(token: string): Promise<boolean> {
    try {
      // The answer leads to the app, where we are: it is not followed, so it is opaque, or it is a page that says no.
      const body = new URLSearchParams(this.trouble === "key" ? { new: "1" } : {});
      const response = await fetch(`/observe/${token}`, { method: "POST", body, redirect: "manual" });
      if (response.type !== "opaqueredirect") return false;
    } catch {
      return false;
    }
    await this.now();
    return this.phone.device !== null;
  }

  /** Tells the server that this phone will not come again; it may be out of reach, and then it need not know. */
  async leave(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#ask("device", { method: "DELETE" }).catch(() => undefined);
  }

  #say(trouble: Trouble): void {
    this.trouble = trouble;
    this.phone.changed();
  }

  #troubleOf(error: unknown): Trouble {
    if (!(error instanceof AnswerError)) return "offline";
    if (error.code === KEY_SET) return "key";
    if (error.status !== 401) return "server";
    return error.code === ENDED ? "ended" : "unknown";
  }

  /** Tries again later; a capture that may still be undone is sent once it may not. */
  #later(): void {
    const held = this.phone.of("waiting").map((each) => each.holdUntil - Date.now()).filter((left) => left > 0);
    const jitter = 0.75 + Math.random() / 2;
    let wait = this.#wait ? this.#wait * jitter : Math.min(LOOK_EVERY_MS, ...held.map((left) => left + 50));
    if (this.#isWanted) wait = 0;
    this.#isWanted = false;
    // An app that nobody looks at, with nothing to send, need not ask what is new.
    if (document.visibilityState === "hidden" && this.phone.waiting().length === 0) return;
    this.#timer = window.setTimeout(() => void this.now(), wait);
  }

  async #round(): Promise<Trouble> {
    if (!navigator.onLine) throw new TypeError("offline");
    const hasLooked = !this.#isAsked && this.#lookedAt && Date.now() - this.#lookedAt < LOOK_EVERY_MS;
    const isDue = !this.phone.device || this.phone.notes.hasEnded || !hasLooked;
    const hasEnded = isDue && !(await this.#fetchPack());
    if (this.phone.isForeign || !this.phone.device) return hasEnded ? "ended" : "";
    await this.#giveKey();
    await this.#sendCaptures();
    await this.#sendPhotos();
    if (hasEnded) return "ended";
    await this.#fetchOutcomes();
    this.#lookedAt = Date.now();
    return "";
  }

  /** Fetches the course; says whether the invitation still holds. What was made before its end is taken after it, too. */
  async #fetchPack(): Promise<boolean> {
    const { phone } = this;
    const known = phone.pack && phone.notes.etag ? { "If-None-Match": phone.notes.etag } : {};
    try {
      const response = await this.#ask("pack", { headers: known });
      if (response.status === 304) return true;
      await phone.takePack((await response.json()) as Pack, response.headers.get("ETag") ?? "");
      return true;
    } catch (error) {
      if (error instanceof AnswerError && error.code === ENDED) return false;
      throw error;
    }
  }

  async #giveKey(): Promise<void> {
    const { phone } = this;
    if (!phone.device || phone.notes.keyTaken) return;
    const body = JSON.stringify({ jwk: await publicKey(phone.device) });
    await this.#ask("key", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    await phone.note({ keyTaken: true });
  }

  /** Sends what may no longer be undone, in the order in which it was made. */
  async #sendCaptures(): Promise<void> {
    const isReady = (each: Capture): boolean => this.#isAsked || each.tried || each.holdUntil <= Date.now() || isFarAhead(each);
    let most = BATCH;
    for (;;) {
      const batch = batchOf(this.phone.of("waiting").filter(isReady), most);
      if (batch.length === 0) return;
      try {
        if (!(await this.#sendBatch(batch))) return;
      } catch (error) {
        if (!(error instanceof AnswerError) || error.isPassing || error.status === 401) throw error;
        // One of them is more than the server reads: the others must not wait for it.
        if (batch.length > 1) most = Math.ceil(batch.length / 2);
        else await this.#settle(batch, [{ id: null, state: "refused", code: error.code, message: error.words }]);
      }
    }
  }

  async #sendBatch(batch: Capture[]): Promise<boolean> {
    for (const each of batch) each.tried = true;
    await this.phone.saveCaptures(batch);
    const body = JSON.stringify({ captures: batch.map((each) => each.jws), device_now: new Date().toISOString() });
    const response = await this.#ask("captures", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    const { results } = (await response.json()) as { results: Result[] };
    return this.#settle(batch, results);
  }

  /** Notes what the server said of each; says whether it said something of any. */
  async #settle(batch: Capture[], results: readonly Result[]): Promise<boolean> {
    const settled: Capture[] = [];
    batch.forEach((capture, place) => {
      const atPlace = results[place];
      const result = results.find((each) => each.id === capture.id) ?? (atPlace?.id ? undefined : atPlace);
      if (!result || !STATES.has(result.state)) return;
      capture.state = result.state as CaptureState;
      capture.code = result.code ?? "";
      capture.message = result.message ?? "";
      settled.push(capture);
    });
    await this.phone.saveCaptures(settled);
    if (settled.some((each) => each.state !== "refused")) await this.phone.note({ lastSent: Date.now() });
    return settled.length > 0;
  }

  async #sendPhotos(): Promise<void> {
    for (const capture of this.phone.of("recorded", "kept")) {
      for (const name of capture.photos.filter((each) => !this.#refused.has(each))) {
        const photo = await this.phone.photo(name);
        if (photo) await this.#sendPhoto(capture, name, photo.blob);
        else await this.phone.photoArrived(capture, name);
      }
    }
  }

  async #sendPhoto(capture: Capture, name: string, blob: Blob): Promise<void> {
    const address = `captures/${capture.id}/photo/${name}`;
    const headers = { "Content-Type": PHOTO_TYPE };
    try {
      await this.#ask(address, { method: "PUT", body: blob, headers, signal: AbortSignal.timeout(PHOTO_PATIENCE_MS) });
    } catch (error) {
      const isRefused = error instanceof AnswerError && (error.status === 404 || !error.isPassing) && error.status !== 401;
      if (!isRefused) throw error;
      // The observation itself the server has. The picture stays here, and is in the file of what was not sent.
      this.#refused.add(name);
      capture.code = error.code;
      capture.message = error.words;
      await this.phone.saveCaptures([capture]);
      return;
    }
    await this.phone.photoArrived(capture, name);
    await this.phone.note({ lastSent: Date.now() });
  }

  /** Learns what became of captures: what people decided, and what the same assessor did on another phone. */
  async #fetchOutcomes(): Promise<void> {
    const response = await this.#ask("captures");
    const { captures } = (await response.json()) as { captures: Outcome[] };
    const changed: Capture[] = [];
    for (const outcome of captures) {
      const own = this.phone.captures.get(outcome.id);
      const isNews = own && own.state !== "waiting" && (own.state !== outcome.state || own.code !== (outcome.code ?? ""));
      if (!own || !isNews || !STATES.has(outcome.state)) continue;
      own.state = outcome.state as CaptureState;
      own.code = outcome.code ?? "";
      own.message = outcome.message ?? "";
      changed.push(own);
    }
    if (changed.length > 0) await this.phone.saveCaptures(changed);
    await this.phone.takeOutcomes(captures);
  }

  /** Where the server takes nothing from this phone any more, nothing stays here, unless it is nowhere else. */
  async #leaveOff(): Promise<void> {
    const { phone, trouble } = this;
    if ((trouble !== "ended" && trouble !== "unknown" && trouble !== "key") || !phone.device) return;
    if (phone.unsent().length > 0 || phone.drafts.size > 0) return phone.note({ hasEnded: trouble === "ended" });
    // A phone without its key is of no use: so the link makes a new one of it.
    if (trouble === "key") await this.#ask("device", { method: "DELETE" }).catch(() => undefined);
    await phone.forget();
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Qualoop-Phone", "1");
    headers.set("Accept-Language", language());
    const response = await fetch(API + path, { signal: AbortSignal.timeout(PATIENCE_MS), ...init, headers, cache: "no-store" });
    if (response.ok || response.status === 304) return response;
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
    throw new AnswerError(response.status, problem.code ?? "", problem.detail ?? problem.title ?? "");
  }
}

/** The clock was set back since: then nobody knows when the time to undo is over. */
function isFarAhead(capture: Capture): boolean {
  return capture.madeAt > Date.now();
}

function batchOf(captures: readonly Capture[], most: number): Capture[] {
  const batch: Capture[] = [];
  let bytes = 0;
  for (const capture of captures) {
    bytes += capture.jws.length;
    if (batch.length >= most || (batch.length > 0 && bytes > BATCH_BYTES)) break;
    batch.push(capture);
  }
  return batch;
}
