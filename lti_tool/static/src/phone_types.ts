/** What the server sends, and what the phone keeps. */
import type { Text } from "./phone_words";

export interface Level {
  readonly title: Text;
  readonly descriptor?: Text | null;
  readonly points: string | number;
  readonly up_to?: string | number | null;
  readonly beyond?: boolean;
}

export interface Row {
  readonly key: string;
  readonly title: Text;
  readonly about?: Text | null;
  readonly levels: readonly Level[];
}

interface Rubric {
  readonly key: string;
  readonly title: Text;
  readonly rows: readonly Row[];
}

export interface Task {
  readonly key: string;
  readonly title: Text;
  readonly rubric: string;
  /** Above what the assessor may judge: shown, and locked. */
  readonly beyond?: boolean;
}

export interface Learner {
  readonly uuid: string;
  readonly name: string;
  readonly group?: string | null;
}

interface Team {
  readonly name: string;
  readonly learners: readonly string[];
}

export interface Pack {
  readonly version: string;
  readonly device: { readonly uuid: string; readonly seq: number };
  readonly assessor: {
    readonly name: string;
    readonly role?: string;
    readonly is_enterprise?: boolean;
    readonly enterprise?: string | null;
    readonly level_cap?: number | null;
  };
  readonly invitation: { readonly title?: string | null; readonly from?: string | null; readonly until?: string | null };
  readonly course: { readonly uuid: string; readonly title: string };
  readonly learners: readonly Learner[];
  readonly teams?: readonly Team[];
  readonly tasks: readonly Task[];
  readonly rubrics: Readonly<Record<string, Rubric>>;
  readonly language?: string;
  readonly server_time: string;
}

/** Of one row; a level is its place in the rubric, from 0. Points only where the level has a range. */
export interface Mark {
  level?: number;
  points?: string;
  comment?: string;
}

/** A capture that is not finished. It keeps the rubric that it was begun with. */
export interface Draft {
  readonly id: string;
  readonly task: string;
  readonly title: Text;
  readonly rubric: string;
  readonly form: Rubric;
  readonly course: string;
  readonly learners: readonly string[];
  readonly names: readonly string[];
  readonly replaces: string | null;
  rows: Record<string, Mark>;
  overall: string;
  photos: string[];
  changedAt: number;
}

/** Waiting for the server; recorded; taken by the server for a person to look at; not taken. */
export type CaptureState = "waiting" | "recorded" | "kept" | "refused";

export interface Capture {
  readonly id: string;
  readonly seq: number;
  readonly jws: string;
  readonly madeAt: number;
  readonly draft: Draft;
  /** Until then "Undo" may take it back. */
  readonly holdUntil: number;
  /** Whether the server may have it already. */
  tried: boolean;
  state: CaptureState;
  code: string;
  message: string;
  /** Photos that the server has not acknowledged. */
  photos: string[];
  /** Those of them that it will not take, and what it said of them. */
  refusedPhotos?: string[];
  photoMessage?: string;
}

export interface Photo {
  readonly sha256: string;
  readonly blob: Blob;
}

export interface Device {
  readonly uuid: string;
  readonly keys: CryptoKeyPair;
}

/** What the server says of a capture of this assessor, from whichever phone. */
export interface Outcome {
  readonly id: string;
  readonly state: string;
  readonly code?: string | null;
  readonly message?: string | null;
  readonly learner?: string | null;
  readonly team?: readonly string[] | null;
  readonly task?: string;
  readonly made_at?: string;
}
