/**
 * What a page of the platform keeps for us (1EdTech: LTI Client Side postMessages 0.1, LTI postMessage Storage 0.1).
 *
 * Everything goes to one frame, for one origin, and only that frame's answer of that origin to that message counts.
 */

type Failure = "silent" | "refused";

export class StorageError extends Error {
  constructor(readonly failure: Failure) {
    super(failure);
  }
}

interface Answer {
  readonly subject: string;
  readonly message_id: string;
  readonly [field: string]: unknown;
}

/** How long the whole conversation may take, and how much of it the question may that not every platform answers. */
const PATIENCE_MS = 2_500;
const PROBE_MS = 1_000;
const PARENT = "_parent";
const NEEDED = ["lti.put_data", "lti.get_data"];

export class PlatformStorage {
  readonly #origin: string;
  readonly #ends: number;
  #frame: Window;

  private constructor(target: string, origin: string) {
    this.#origin = origin;
    this.#ends = performance.now() + PATIENCE_MS;
    this.#frame = frameOf(target);
  }

  /** Finds out whether the platform keeps data, and in which frame; a platform that does not say is believed. */
  static async open(target: string, origin: string): Promise<PlatformStorage> {
    const storage = new PlatformStorage(target, origin);
    const answer = await storage.#ask("lti.capabilities", {}, PROBE_MS).catch((error: unknown) => {
      if (error instanceof StorageError && error.failure === "silent") {
        return null;
      }
      throw error;
    });
    if (answer) {
      storage.#obey(answer["supported_messages"]);
    }
    return storage;
  }

  async put(key: string, value: string): Promise<void> {
    await this.#ask("lti.put_data", { key, value });
  }

  /** Returns what is kept under a key, null where nothing is. */
  async get(key: string): Promise<string | null> {
    const { value } = await this.#ask("lti.get_data", { key });
    return typeof value === "string" && value !== "" ? value : null;
  }

  /** Has the platform forget a key; whether it does is of no interest. */
  forget(key: string): void {
    this.#frame.postMessage({ subject: "lti.put_data", message_id: randomId(), key, value: null }, this.#origin);
  }

  #obey(offered: unknown): void {
    const messages = new Map<unknown, unknown>(
      (Array.isArray(offered) ? offered : []).filter(isRecord).map((each) => [each["subject"], each["frame"]]),
    );
    if (!NEEDED.every((subject) => messages.has(subject))) {
      throw new StorageError("refused");
    }
    const frame = messages.get("lti.put_data");
    if (typeof frame === "string" && frame !== "") {
      this.#frame = frameOf(frame);
    }
  }

  #ask(subject: string, fields: Readonly<Record<string, string>>, patience = PATIENCE_MS): Promise<Answer> {
    const id = randomId();
    const frame = this.#frame;
    return new Promise((resolve, reject) => {
      const onMessage = (event: MessageEvent<unknown>): void => {
        if (event.origin !== this.#origin || event.source !== frame || !answers(event.data, subject, id)) {
          return;
        }
        end();
        if (event.data["error"]) {
          reject(new StorageError("refused"));
        } else {
          resolve(event.data);
        }
      };
      const timer = setTimeout(
        () => {
          end();
          reject(new StorageError("silent"));
        },
        Math.max(Math.min(patience, this.#ends - performance.now()), 0),
      );
      const end = (): void => {
        clearTimeout(timer);
        window.removeEventListener("message", onMessage);
      };
      window.addEventListener("message", onMessage);
      frame.postMessage({ subject, message_id: id, ...fields }, this.#origin);
    });
  }
}

/** Returns a frame of the platform by its name; its parent page where there is none of that name. */
function frameOf(target: string): Window {
  const platform: Window = window.parent === window ? ((window.opener as Window | null) ?? window) : window.parent;
  if (target === PARENT) {
    return platform;
  }
  try {
    const named = (platform.frames as unknown as Record<string, Window | undefined>)[target];
    return named && typeof named.postMessage === "function" ? named : platform;
  } catch {
    // A foreign window answers so where it has no frame of that name.
    return platform;
  }
}

function answers(data: unknown, subject: string, id: string): data is Answer {
  return isRecord(data) && data["subject"] === `${subject}.response` && data["message_id"] === id;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
