/** What the phone keeps, in IndexedDB. Nothing is anywhere else, so that "Forget this phone" is one deletion. */

const NAME = "qualoop-phone";
const VERSION = 1;
const STORES = ["kept", "drafts", "captures", "photos"] as const;
export type StoreName = (typeof STORES)[number];

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

export class Store {
  private constructor(readonly database: IDBDatabase) {}

  static async open(): Promise<Store> {
    try {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        for (const store of STORES) request.result.createObjectStore(store);
      };
      return new Store(await answer(request));
    } catch {
      throw new StoreUnavailableError();
    }
  }

  get<T>(store: StoreName, key: string): Promise<T | undefined> {
    return answer(this.database.transaction(store).objectStore(store).get(key) as IDBRequest<T | undefined>);
  }

  all<T>(store: StoreName): Promise<T[]> {
    return answer(this.database.transaction(store).objectStore(store).getAll() as IDBRequest<T[]>);
  }

  /** Resolves once the change is on the disk: what is signed must not be lost with the battery. */
  change(make: (change: Change) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(STORES, "readwrite", { durability: "strict" });
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
