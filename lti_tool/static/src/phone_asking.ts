/** Asks the server, and says what came of it: an answer that is its own, one that is not as it should be, or none. */
import { language } from "./phone_words";

const API = "/phone/api/";
const PATIENCE_MS = 20_000;
const GONE_ON = 304;
const UNAUTHORIZED = 401;
const TOO_LARGE = 413;

export const DEVICE_UNKNOWN = "observation-device";
export const ENDED = "observation-ended";
export const KEY_SET = "observation-key-set";
export const KEY_MISSING = "observation-key-missing";
export const NO_PHOTOS_NOW = "observation-photo-unavailable";
/** What the server says of a body that it will never take. A status alone may be that of a proxy on the way. */
const NEVER: ReadonlySet<string> = new Set(["body-too-large", "observation-batch", "observation-photo", "observation-photo-unknown"]);
const OF_PHONE: ReadonlySet<string> = new Set([KEY_SET, KEY_MISSING]);

/** No answer came: no network, one that is too slow, or one that leads elsewhere. */
export class OfflineError extends Error {}

/** Something answered, but not as the server answers what was asked. */
export class AnswerError extends Error {
  constructor(readonly status: number, readonly code = "", readonly words = "") {
    super(`${status} ${code}`);
  }

  /** Whether the server itself will never take what was sent. */
  get isFinal(): boolean {
    return NEVER.has(this.code);
  }

  /** Whether less at a time may go through. */
  get isTooMuch(): boolean {
    return this.isFinal || this.status === TOO_LARGE;
  }

  /** Whether it concerns this phone, and so whatever else it would send. */
  get isOfPhone(): boolean {
    return this.status === UNAUTHORIZED || OF_PHONE.has(this.code);
  }

  /** Whether it is the server's own word on a phone that it does not serve. */
  saysOfPhone(code: string): boolean {
    return this.status === UNAUTHORIZED && this.code === code;
  }
}

/** Returns the answer of the server. Another page never stands for it: what leads elsewhere is not followed. */
export async function ask(path: string, init: RequestInit, stop: AbortSignal, patience = PATIENCE_MS): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Qualoop-Phone", "1");
  headers.set("Accept-Language", language());
  const limit = new AbortController();
  const end = (): void => limit.abort();
  if (stop.aborted) end();
  stop.addEventListener("abort", end, { once: true });
  // It runs on while the body comes.
  setTimeout(end, patience);
  const how: RequestInit = { ...init, headers, cache: "no-store", redirect: "error", signal: limit.signal };
  const response = await fetch(API + path, how).catch((error: unknown) => {
    throw new OfflineError(String(error));
  });
  if (response.ok || response.status === GONE_ON) return response;
  const problem = (await response.json().catch(() => null)) as { code?: unknown; detail?: string; title?: string } | null;
  throw new AnswerError(response.status, typeof problem?.code === "string" ? problem.code : "", problem?.detail ?? problem?.title ?? "");
}

/** Returns what an answer says; a page of somebody else says nothing. */
export async function contentOf<T>(response: Response): Promise<Partial<T>> {
  try {
    return ((await response.json()) as Partial<T> | null) ?? {};
  } catch (error) {
    if (error instanceof SyntaxError) throw new AnswerError(response.status);
    throw new OfflineError(String(error));
  }
}
