/** What the phone keeps, in IndexedDB. Nothing is anywhere else, so that "Forget this phone" is one deletion. */

const NAME = "qualoop-phone";
const VERSION = 1;
const STORES = ["kept", "drafts", "captures", "photos"] as const;
type StoreName = (typeof STORES)[number];

/** The phone has no room left; nothing of the change was kept. */
export class StoreFullError extends Error {}
/** The browser keeps nothing for this page: a private window, or a setting. */
export class StoreUnavailableError extends Error {}

function failure(error: DOMException | null): Error {
  return error?.name === "QuotaExceededError" ? new StoreFullError() : (error ?? new Error("aborted"));
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failure(request.error));
  });
}

/** One change of several stores: all of it is kept, or nothing. */
export class Change {
  constructor(readonly transaction: IDBTransaction) {}

  put(store: StoreName, key: string, value: unknown): void {
    this.transaction.objectStore(store).put(value, key);
  }

  remove(store: StoreName, key: string): void {
    this.transaction.objectStore(store).delete(key);
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    let isGivenUp = false;
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    request.onblocked = () => {
      isGivenUp = true;
      reject(new Error("another tab keeps an older store open"));
    };
    request.onerror = () => reject(failure(request.error));
    request.onsuccess = () => {
      // Another version must be able to come, and what is given up must not stand in its way.
      request.result.onversionchange = () => request.result.close();
      if (isGivenUp) request.result.close();
      else resolve(request.result);
    };
  });
}

/** The browser has closed the connection: it does so to a page that was put away for long. */
function isClosed(error: unknown): boolean {
  return error instanceof DOMException && (error.name === "InvalidStateError" || /connection/i.test(error.message));
}

export class Store {
  #database: IDBDatabase;
  #opening: Promise<IDBDatabase> | null = null;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  static async open(): Promise<Store> {
    try {
      return new Store(await opened());
    } catch (error) {
      if (error instanceof DOMException) throw new StoreUnavailableError();
      throw error;
    }
  }

  get<T>(store: StoreName, key: string): Promise<T | undefined> {
    return this.#connected((database) => answer(database.transaction(store).objectStore(store).get(key) as IDBRequest<T | undefined>));
  }

  all<T>(store: StoreName): Promise<T[]> {
    return this.#connected((database) => answer(database.transaction(store).objectStore(store).getAll() as IDBRequest<T[]>));
  }

  /** Resolves once the change is on the disk: what is signed must not be lost with the battery. */
  change(make: (change: Change) => void): Promise<void> {
    return this.#connected((database) => changed(database, make));
  }

  /** Works with the connection; once more with a new one where it was lost. */
  async #connected<T>(work: (database: IDBDatabase) => Promise<T>): Promise<T> {
    try {
      return await work(this.#database);
    } catch (error) {
      if (!isClosed(error)) throw error;
      this.#opening ??= opened().finally(() => {
        this.#opening = null;
      });
      this.#database = await this.#opening;
      return work(this.#database);
    }
  }

  put(store: StoreName, key: string, value: unknown): Promise<void> {
    return this.change((change) => change.put(store, key, value));
  }

  /** Leaves nothing behind. */
  forget(): Promise<void> {
    return this.change((change) => {
      for (const store of STORES) change.transaction.objectStore(store).clear();
    });
  }
}

function changed(database: IDBDatabase, make: (change: Change) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORES, "readwrite", { durability: "strict" });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(failure(transaction.error));
    try {
      make(new Change(transaction));
      // Said, not waited for: the page may be put away at any moment.
      transaction.commit();
    } catch (error) {
      reject(error instanceof DOMException ? failure(error) : error);
    }
  });
}
