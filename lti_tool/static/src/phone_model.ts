/** What is on this phone: the course as the server gave it, drafts, finished captures. Every change is kept before it shows. */
import { makeDevice, sign } from "./phone_keys";
import type { Store } from "./phone_store";
import type { Capture, CaptureState, Device, Draft, Mark, Outcome, Pack, Photo, Task } from "./phone_types";

const UNDO_MS = 10_000;

/** Small things that are remembered. */
export interface Notes {
  seq: number;
  etag: string;
  language: string;
  lastSent: number;
  keyTaken: boolean;
  hasEnded: boolean;
  /** The cookie is of another invitation than what is kept here and not sent. */
  isForeign: boolean;
  hidesTips: boolean;
}

const NOTHING: Notes = { seq: 0, etag: "", language: "", lastSent: 0, keyTaken: false, hasEnded: false, isForeign: false, hidesTips: false };

export class Phone extends EventTarget {
  pack: Pack | null = null;
  device: Device | null = null;
  notes: Notes = { ...NOTHING };
  outcomes: Outcome[] = [];
  /** What was saved as a file: only what is in one may be forgotten where it cannot be sent. */
  readonly exported = new Set<string>();
  readonly drafts = new Map<string, Draft>();
  readonly captures = new Map<string, Capture>();
  /** Drafts that are being signed, or were: whatever is late must not write them again. */
  readonly #finished = new WeakSet<Draft>();

  private constructor(readonly store: Store) {
    super();
  }

  static async load(store: Store): Promise<Phone> {
    const phone = new Phone(store);
    phone.notes = { ...NOTHING, ...(await store.get<Notes>("kept", "notes")) };
    phone.pack = (await store.get<Pack>("kept", "pack")) ?? null;
    phone.device = (await store.get<Device>("kept", "device")) ?? null;
    phone.outcomes = (await store.get<Outcome[]>("kept", "outcomes")) ?? [];
    for (const draft of await store.all<Draft>("drafts")) phone.drafts.set(draft.id, draft);
    for (const capture of await store.all<Capture>("captures")) phone.captures.set(capture.id, capture);
    return phone;
  }

  get isForeign(): boolean {
    return this.notes.isForeign;
  }

  changed(): void {
    this.dispatchEvent(new Event("change"));
  }

  async note(changes: Partial<Notes>): Promise<void> {
    this.notes = { ...this.notes, ...changes };
    await this.store.put("kept", "notes", this.notes);
    this.changed();
  }

  /** Finished captures in the order in which they were finished. */
  inOrder(): Capture[] {
    return [...this.captures.values()].sort((one, other) => one.seq - other.seq);
  }

  of(...states: CaptureState[]): Capture[] {
    return this.inOrder().filter((capture) => states.includes(capture.state));
  }

  /** Captures of which the server has not everything yet. */
  unsent(): Capture[] {
    return this.inOrder().filter((each) => each.state === "waiting" || each.state === "refused" || each.photos.length > 0);
  }

  waiting(): Capture[] {
    return this.inOrder().filter((each) => each.state === "waiting" || (each.state !== "refused" && waitsOf(each).length > 0));
  }

  /** The newest finished capture of a learner at a task, made on this phone; what the server refused does not count. */
  doneHere(task: string, learner: string): Capture | null {
    const own = this.inOrder().filter((each) => each.state !== "refused" && each.draft.task === task && each.draft.learners.includes(learner));
    return own.at(-1) ?? null;
  }

  /** What the server knows of a learner at a task that was not made on this phone. */
  doneElsewhere(task: string, learner: string): Outcome | null {
    const isHis = (each: Outcome): boolean => each.learner === learner || (each.team ?? []).includes(learner);
    return this.outcomes.filter((each) => each.task === task && isHis(each) && !this.captures.has(each.id)).at(-1) ?? null;
  }

  isDone(task: string, learner: string): boolean {
    return this.doneHere(task, learner) !== null || this.doneElsewhere(task, learner) !== null;
  }

  /** Returns the draft of learners at a task, a new one where there is none; it is kept once something is in it. */
  draftOf(task: Task, learners: readonly string[], replaces: Capture | null = null): Draft | null {
    const id = [task.key, [...learners].sort().join("+"), replaces?.id ?? ""].join(" ");
    const known = this.drafts.get(id);
    const form = this.pack?.rubrics[task.rubric];
    if (known || !this.pack || !form) return known ?? null;
    const people = this.pack.learners.filter((each) => learners.includes(each.uuid));
    if (people.length === 0 || people.length !== learners.length) return null;
    return {
      id,
      task: task.key,
      title: task.title,
      rubric: task.rubric,
      form,
      course: this.pack.course.uuid,
      learners: people.map((each) => each.uuid),
      names: people.map((each) => each.name),
      replaces: replaces?.id ?? null,
      rows: replaces && replaces.draft.rubric === task.rubric ? structuredClone(replaces.draft.rows) : {},
      overall: replaces?.draft.overall ?? "",
      photos: [],
      changedAt: 0,
    };
  }

  async saveDraft(draft: Draft): Promise<void> {
    if (this.#isOver(draft)) return;
    draft.changedAt = Date.now();
    this.drafts.set(draft.id, draft);
    await this.store.put("drafts", draft.id, draft);
    this.changed();
  }

  async addPhoto(draft: Draft, photo: Photo): Promise<void> {
    if (this.#isOver(draft) || draft.photos.includes(photo.sha256)) return;
    draft.photos = [...draft.photos, photo.sha256];
    draft.changedAt = Date.now();
    this.drafts.set(draft.id, draft);
    try {
      await this.store.change((change) => {
        change.put("photos", photo.sha256, photo);
        change.put("drafts", draft.id, draft);
      });
    } catch (error) {
      draft.photos = draft.photos.filter((each) => each !== photo.sha256);
      throw error;
    }
    this.changed();
  }

  async removePhoto(draft: Draft, name: string): Promise<void> {
    draft.photos = draft.photos.filter((each) => each !== name);
    await this.saveDraft(draft);
    await this.#dropPhoto(name);
  }

  async discard(draft: Draft): Promise<void> {
    this.drafts.delete(draft.id);
    await this.store.change((change) => change.remove("drafts", draft.id));
    for (const name of draft.photos) await this.#dropPhoto(name);
    this.changed();
  }

  /** Signs a draft: from now on it is a capture, which only the server's word takes from the queue. */
  async finish(draft: Draft): Promise<Capture> {
    if (!this.device || !this.pack || this.#finished.has(draft)) throw new Error("nothing to finish");
    this.#finished.add(draft);
    try {
      return await this.#signed(draft, this.device, this.pack);
    } catch (error) {
      this.#finished.delete(draft);
      throw error;
    }
  }

  async #signed(draft: Draft, device: Device, pack: Pack): Promise<Capture> {
    const seq = Math.max(this.notes.seq, pack.device.seq) + 1;
    await this.note({ seq });
    const id = crypto.randomUUID();
    const madeAt = Date.now();
    const jws = await sign(device, payloadOf(draft, pack, { id, device: device.uuid, seq, madeAt }));
    const capture: Capture = {
      id, seq, jws, madeAt, draft,
      holdUntil: madeAt + UNDO_MS,
      tried: false,
      state: "waiting",
      code: "",
      message: "",
      photos: [...draft.photos],
    };
    await this.store.change((change) => {
      change.put("captures", id, capture);
      change.remove("drafts", draft.id);
    });
    this.captures.set(id, capture);
    this.drafts.delete(draft.id);
    this.changed();
    return capture;
  }

  /** Makes a draft of a capture again that nobody but this phone knows; says whether it still could. */
  async undo(capture: Capture): Promise<boolean> {
    const { draft } = capture;
    // At once: sending may begin while the change is kept, and must not find it any more.
    if (capture.tried || !this.captures.delete(capture.id)) return false;
    const before = this.drafts.get(draft.id);
    this.drafts.set(draft.id, draft);
    this.#finished.delete(draft);
    try {
      await this.store.change((change) => {
        change.remove("captures", capture.id);
        change.put("drafts", draft.id, draft);
      });
    } catch (error) {
      this.captures.set(capture.id, capture);
      this.#finished.add(draft);
      if (before) this.drafts.set(draft.id, before);
      else this.drafts.delete(draft.id);
      throw error;
    }
    this.changed();
    return true;
  }

  /** Lets what the server refused be sent once more. */
  async retry(capture: Capture): Promise<void> {
    if (capture.state === "refused") Object.assign(capture, { state: "waiting", code: "", message: "" });
    delete capture.refusedPhotos;
    delete capture.photoMessage;
    await this.saveCaptures([capture]);
  }

  async saveCaptures(captures: readonly Capture[]): Promise<void> {
    await this.store.change((change) => {
      for (const each of captures) change.put("captures", each.id, each);
    });
    this.changed();
  }

  async photoArrived(capture: Capture, name: string): Promise<void> {
    capture.photos = capture.photos.filter((each) => each !== name);
    if (capture.photos.length === 0) delete capture.photoMessage;
    await this.saveCaptures([capture]);
    await this.#dropPhoto(name);
  }

  photo(name: string): Promise<Photo | undefined> {
    return this.store.get<Photo>("photos", name);
  }

  /** Takes what the server gave; makes the key of this phone where it has none. */
  async takePack(pack: Pack, etag: string): Promise<void> {
    if (this.device && this.device.uuid !== pack.device.uuid) {
      if (this.unsent().length > 0 || this.drafts.size > 0) return this.note({ isForeign: true });
      await this.forget();
    }
    this.device ??= await makeDevice(pack.device.uuid);
    this.pack = pack;
    this.notes = { ...this.notes, etag, hasEnded: false, isForeign: false };
    const { device, notes } = this;
    await this.store.change((change) => {
      change.put("kept", "device", device);
      change.put("kept", "pack", pack);
      change.put("kept", "notes", notes);
    });
    this.changed();
  }

  async takeOutcomes(outcomes: Outcome[]): Promise<void> {
    this.outcomes = outcomes;
    await this.store.put("kept", "outcomes", outcomes);
    this.changed();
  }

  /** Leaves nothing on this phone but the language in which it said so. */
  async forget(): Promise<void> {
    const { language } = this.notes;
    await this.store.forget();
    this.pack = this.device = null;
    this.outcomes = [];
    this.exported.clear();
    this.drafts.clear();
    this.captures.clear();
    this.notes = { ...NOTHING, language };
    this.dispatchEvent(new Event("forgotten"));
    this.changed();
  }

  /** Whether nothing of a draft may be written any more: it is a capture, or this phone has forgotten it. */
  #isOver(draft: Draft): boolean {
    return this.#finished.has(draft) || this.device === null;
  }

  async #dropPhoto(name: string): Promise<void> {
    const holders = [...this.captures.values(), ...this.drafts.values()];
    if (holders.some((each) => each.photos.includes(name))) return;
    await this.store.change((change) => change.remove("photos", name));
  }
}

/** Photos of a capture that are still to be sent. */
export function waitsOf(capture: Capture): string[] {
  return capture.photos.filter((each) => !capture.refusedPhotos?.includes(each));
}

interface Stamp {
  readonly id: string;
  readonly device: string;
  readonly seq: number;
  readonly madeAt: number;
}

/** Returns what is signed. A row may have a comment and no level. */
function payloadOf(draft: Draft, pack: Pack, stamp: Stamp): object {
  const rows: Record<string, Mark> = {};
  for (const { key } of draft.form.rows) {
    const { level, points, comment = "" } = draft.rows[key] ?? {};
    if (level === undefined && !comment.trim()) continue;
    rows[key] = { ...(level === undefined ? {} : { level }), ...(points === undefined ? {} : { points }), comment: comment.trim() };
  }
  const isTeam = draft.learners.length > 1;
  return {
    v: 1,
    id: stamp.id,
    device: stamp.device,
    seq: stamp.seq,
    course: draft.course,
    learner: isTeam ? null : draft.learners[0],
    ...(isTeam ? { team: draft.learners } : {}),
    task: draft.task,
    rubric: draft.rubric,
    rows,
    overall: draft.overall.trim(),
    photos: draft.photos.map((sha256) => ({ sha256, type: "image/jpeg" })),
    enterprise: pack.assessor.enterprise ?? "",
    made_at: new Date(stamp.madeAt).toISOString(),
    replaces: draft.replaces,
  };
}
