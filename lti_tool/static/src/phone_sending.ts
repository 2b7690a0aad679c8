/**
 * Brings captures to the server. A capture leaves the queue only when the server says that it has it; whatever else
 * happens, it is sent again. The server makes one of two.
 */
import { AnswerError, DEVICE_UNKNOWN, ENDED, KEY_MISSING, KEY_SET, NO_PHOTOS_NOW, OfflineError, ask, contentOf } from "./phone_asking";
import { publicKey } from "./phone_keys";
import { waitsOf, type Phone } from "./phone_model";
import { PHOTO_TYPE } from "./phone_photos";
import { StoreFullError } from "./phone_store";
import type { Capture, CaptureState, Outcome, Pack } from "./phone_types";

const BATCH = 50;
const BATCH_BYTES = 200_000;
const PHOTO_PATIENCE_MS = 90_000;
const FIRST_WAIT_MS = 3_000;
const LONGEST_WAIT_MS = 120_000;
const LOOK_EVERY_MS = 60_000;
/** As many as it takes to find one of fifty that the server stumbles over, and some. */
const MOST_FAILURES = 10;
const MOST_FAILED_PHOTOS = 3;
const TAKEN = 204;
const JSON_BODY = { "Content-Type": "application/json" };
const STATES: ReadonlySet<string> = new Set(["recorded", "kept", "refused"]);

/** What stands between this phone and the server; "full" is the phone's own store. */
type Trouble = "" | "offline" | "server" | "full" | "ended" | "unknown" | "key";

interface Result {
  readonly id: string | null;
  readonly state: string;
  readonly code?: string | null;
  readonly message?: string | null;
}

export class Sender {
  trouble: Trouble = "";
  isSending = false;
  #running: Promise<void> = Promise.resolve();
  #stop = new AbortController();
  #isLeaving = false;
  #timer = 0;
  #wait = 0;
  #isWanted = false;
  #isAsked = false;
  #lookedAt = 0;
  /** How many captures are sent at once: fewer while the server stumbles over something. */
  #most = BATCH;
  #hasStumbled = false;
  /** Captures and photos that went wrong alone: they come after everything else. */
  readonly #suspects = new Set<string>();
  /** The phone could not note what became of something: it knows as long as the app is open. */
  #isUnnoted = false;

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
   * Sends what can be sent, and looks what is new; resolves when that is over. Never twice at a time. Whoever asks for it
   * does not want to undo any more, and does not wait for the next look.
   */
  now(isAsked = false): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#isLeaving) return this.#running;
    this.#isAsked ||= isAsked;
    if (this.isSending) this.#isWanted = true;
    else this.#running = this.#once();
    return this.#running;
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
    // What is under way began without the invitation.
    await this.#running;
    await this.now(true);
    return this.phone.device !== null;
  }

  /**
   * Deletes everything on this phone, once nothing is under way that would write it again. Where `isTelling`, the server
   * is told that this phone will not come again; it may be out of reach, and then it need not know.
   */
  async forget(isTelling: boolean): Promise<void> {
    this.#isLeaving = true;
    this.#stop.abort();
    try {
      await this.#running;
      clearTimeout(this.#timer);
      if (isTelling) await this.#tellOff(new AbortController());
      await this.phone.forget();
    } finally {
      this.#isLeaving = false;
    }
  }

  async #tellOff(stop: AbortController): Promise<void> {
    await ask("device", { method: "DELETE" }, stop.signal).catch(() => undefined);
  }

  #say(trouble: Trouble): void {
    this.trouble = trouble;
    this.phone.changed();
  }

  async #once(): Promise<void> {
    this.isSending = true;
    this.#stop = new AbortController();
    this.#isUnnoted = false;
    this.phone.changed();
    try {
      this.trouble = await this.#tried();
      await this.#leaveOff();
    } catch {
      this.#isUnnoted = true;
    } finally {
      if (this.#isUnnoted && this.trouble === "") this.trouble = "full";
      this.isSending = false;
      this.#isAsked &&= this.#isWanted;
      this.phone.changed();
      this.#later();
    }
  }

  async #tried(): Promise<Trouble> {
    try {
      const trouble = await this.#round();
      this.#wait = 0;
      return trouble;
    } catch (error) {
      this.#wait = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, this.#wait * 2));
      if (error instanceof AnswerError && error.code === KEY_MISSING) await this.#noting(this.phone.note({ keyTaken: false }));
      return troubleOf(error);
    }
  }

  /** Tries again later; a capture that may still be undone is sent once it may not. */
  #later(): void {
    const held = this.phone.of("waiting").map((each) => each.holdUntil - Date.now()).filter((left) => left > 0);
    const jitter = 0.75 + Math.random() / 2;
    let wait = this.#wait ? this.#wait * jitter : Math.min(LOOK_EVERY_MS, ...held.map((left) => left + 50));
    if (this.#isWanted) wait = 0;
    this.#isWanted = false;
    // An app that nobody looks at, with nothing to send, need not ask what is new.
    if (this.#isLeaving || (document.visibilityState === "hidden" && this.phone.waiting().length === 0)) return;
    this.#timer = window.setTimeout(() => void this.now(), wait);
  }

  async #round(): Promise<Trouble> {
    const { phone } = this;
    // What a browser knows of its network may be wrong: whoever presses the button is not told no unasked.
    if (!navigator.onLine && !this.#isAsked) throw new OfflineError();
    const hasLooked = !this.#isAsked && this.#lookedAt && Date.now() - this.#lookedAt < LOOK_EVERY_MS;
    const isDue = !phone.device || phone.isForeign || phone.notes.hasEnded || !hasLooked;
    const hasEnded = isDue && !(await this.#fetchPack());
    if (phone.isForeign || !phone.device) return hasEnded ? "ended" : "";
    await this.#giveKey();
    // One thing that goes wrong keeps nothing else from the server.
    const kept = await this.#sendCaptures();
    const problem = (await this.#sendPhotos()) ?? kept;
    if (!hasEnded) await this.#fetchOutcomes();
    if (problem) throw problem;
    if (hasEnded) return "ended";
    this.#lookedAt = Date.now();
    return "";
  }

  /** Fetches the course; says whether the invitation still holds. What was made before its end is taken after it, too. */
  async #fetchPack(): Promise<boolean> {
    const { phone } = this;
    const known = phone.pack && phone.notes.etag && !phone.isForeign ? { "If-None-Match": phone.notes.etag } : {};
    try {
      const response = await this.#ask("pack", { headers: known });
      if (response.status === 304) return true;
      const pack = await contentOf<Pack>(response);
      if (!pack.device?.uuid || !pack.learners || !pack.tasks) throw new AnswerError(response.status);
      await phone.takePack(pack as Pack, response.headers.get("ETag") ?? "");
      return true;
    } catch (error) {
      if (error instanceof AnswerError && error.saysOfPhone(ENDED)) return false;
      throw error;
    }
  }

  async #giveKey(): Promise<void> {
    const { phone } = this;
    if (!phone.device || phone.notes.keyTaken) return;
    const body = JSON.stringify({ jwk: await publicKey(phone.device) });
    await this.#taken("key", { method: "POST", body, headers: JSON_BODY });
    await this.#noting(phone.note({ keyTaken: true }));
  }

  /** Sends what may no longer be undone, in the order in which it was made. Returns what kept some of it back. */
  async #sendCaptures(): Promise<AnswerError | null> {
    const over = new Set<string>();
    const isReady = (each: Capture): boolean => !over.has(each.id) && (this.#isAsked || each.tried || each.holdUntil <= Date.now() || isFarAhead(each));
    let problem: AnswerError | null = null;
    for (let failures = 0; failures < MOST_FAILURES; ) {
      const batch = this.#next(this.phone.of("waiting").filter(isReady));
      if (batch.length === 0) break;
      try {
        await this.#sendBatch(batch);
        this.#most = Math.min(BATCH, this.#most * 2);
      } catch (error) {
        if (!(error instanceof AnswerError) || error.isOfPhone) throw error;
        if (error.isFinal && batch.length === 1) {
          await this.#settle(batch, [{ id: null, state: "refused", code: error.code, message: error.words }]);
          continue;
        }
        failures += 1;
        if (!error.isTooMuch || batch.length === 1) problem = error;
        // Once is chance. Again, one of them is what the server stumbles over: the others must not wait for it.
        if (!error.isTooMuch && !this.#hasStumbled) break;
        this.#setAside(batch, over);
      }
    }
    this.#hasStumbled = problem !== null;
    return problem;
  }

  /** Returns what is sent next: what went wrong alone comes last, and alone. */
  #next(ready: readonly Capture[]): Capture[] {
    const sound = ready.filter((each) => !this.#suspects.has(each.id));
    return sound.length > 0 ? batchOf(sound, this.#most) : ready.slice(0, 1);
  }

  #setAside(batch: readonly Capture[], over: Set<string>): void {
    const [only] = batch;
    if (batch.length > 1 || !only) {
      this.#most = Math.ceil(batch.length / 2);
      return;
    }
    this.#suspects.add(only.id);
    over.add(only.id);
  }

  /** Sends captures; raises AnswerError where the server said nothing of any. */
  async #sendBatch(batch: Capture[]): Promise<void> {
    for (const each of batch) each.tried = true;
    await this.#noting(this.phone.saveCaptures(batch));
    const body = JSON.stringify({ captures: batch.map((each) => each.jws), device_now: new Date().toISOString() });
    const response = await this.#ask("captures", { method: "POST", body, headers: JSON_BODY });
    const { results } = await contentOf<{ results: Result[] }>(response);
    if (!Array.isArray(results) || !(await this.#settle(batch, results))) throw new AnswerError(response.status);
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
    await this.#noting(this.phone.saveCaptures(settled));
    if (settled.some((each) => each.state !== "refused")) await this.#noting(this.phone.note({ lastSent: Date.now() }));
    return settled.length > 0;
  }

  /** Sends photos of what the server has. Returns what kept some of them back. */
  async #sendPhotos(): Promise<Error | null> {
    const all = this.phone.of("recorded", "kept").flatMap((capture) => waitsOf(capture).map((name) => ({ capture, name })));
    const order = [...all.filter(({ name }) => !this.#suspects.has(name)), ...all.filter(({ name }) => this.#suspects.has(name))];
    const problems: Error[] = [];
    for (const { capture, name } of order) {
      try {
        if (!(await this.#sendPhoto(capture, name))) break;
      } catch (error) {
        if (!(error instanceof AnswerError || error instanceof OfflineError)) this.#isUnnoted = true;
        else if (error instanceof AnswerError && error.isOfPhone) throw error;
        else problems.push(error);
        this.#suspects.add(name);
        if (problems.length >= MOST_FAILED_PHOTOS) break;
      }
    }
    return problems[0] ?? null;
  }

  /** Sends a photo; says whether the server takes photos at all. */
  async #sendPhoto(capture: Capture, name: string): Promise<boolean> {
    const photo = await this.phone.photo(name);
    try {
      const how = { method: "PUT", body: photo?.blob ?? null, headers: { "Content-Type": PHOTO_TYPE } };
      if (photo) await this.#taken(`captures/${capture.id}/photo/${name}`, how, PHOTO_PATIENCE_MS);
    } catch (error) {
      if (!(error instanceof AnswerError) || !(error.isFinal || error.code === NO_PHOTOS_NOW)) throw error;
      // The observation itself the server has. The picture stays here, and is in the file of what was not sent.
      capture.photoMessage = error.words;
      if (error.isFinal) capture.refusedPhotos = [...(capture.refusedPhotos ?? []), name];
      await this.#noting(this.phone.saveCaptures([capture]));
      return error.isFinal;
    }
    await this.#noting(this.phone.photoArrived(capture, name));
    if (photo) await this.#noting(this.phone.note({ lastSent: Date.now() }));
    return true;
  }

  /** Learns what became of captures: what people decided, and what the same assessor did on another phone. */
  async #fetchOutcomes(): Promise<void> {
    const response = await this.#ask("captures");
    const { captures } = await contentOf<{ captures: Outcome[] }>(response);
    if (!Array.isArray(captures)) throw new AnswerError(response.status);
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
    if (changed.length > 0) await this.#noting(this.phone.saveCaptures(changed));
    await this.#noting(this.phone.takeOutcomes(captures));
  }

  /** Where the server takes nothing from this phone any more, nothing stays here, unless it is nowhere else. */
  async #leaveOff(): Promise<void> {
    const { phone, trouble } = this;
    if ((trouble !== "ended" && trouble !== "unknown" && trouble !== "key") || !phone.device) return;
    if (phone.unsent().length > 0 || phone.drafts.size > 0) return phone.note({ hasEnded: trouble === "ended" });
    // A phone without its key is of no use: so the link makes a new one of it.
    if (trouble === "key") await this.#tellOff(this.#stop);
    await phone.forget();
  }

  /** Waits until something is noted. Where the phone has no room for it, sending goes on: the server makes one of two. */
  async #noting(work: Promise<unknown>): Promise<void> {
    await work.catch(() => {
      this.#isUnnoted = true;
    });
  }

  #ask(path: string, init: RequestInit = {}): Promise<Response> {
    return ask(path, init, this.#stop.signal);
  }

  /** Sends what is answered by "taken" and nothing else: a page in between may say that all is well. */
  async #taken(path: string, init: RequestInit, patience?: number): Promise<void> {
    const { status } = await ask(path, init, this.#stop.signal, patience);
    if (status !== TAKEN) throw new AnswerError(status);
  }
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof OfflineError) return "offline";
  if (error instanceof StoreFullError || error instanceof DOMException) return "full";
  if (!(error instanceof AnswerError)) return "server";
  if (error.code === KEY_SET) return "key";
  if (error.saysOfPhone(ENDED)) return "ended";
  return error.saysOfPhone(DEVICE_UNKNOWN) ? "unknown" : "server";
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
