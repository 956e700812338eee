/** What is kept on the phone: actions that wait to be sent, in their order, and the last that was heard. */
import type { Action } from "./types";

const NAME = "patriot-field";
const ACTIONS = "actions";
const HEARD = "heard";

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= (() => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(ACTIONS, { autoIncrement: true }).createIndex("key", "key", { unique: true });
      request.result.createObjectStore(HEARD);
    };
    return asked(request);
  })();
  return opened;
}

async function store(name: string, mode: IDBTransactionMode): Promise<IDBObjectStore> {
  return (await database()).transaction(name, mode).objectStore(name);
}

/** Keep an action; it is safe once this returns. */
export async function keep(action: Action): Promise<void> {
  const place = await store(ACTIONS, "readwrite");
  const done = new Promise<void>((resolve, reject) => {
    place.transaction.oncomplete = () => resolve();
    place.transaction.onabort = () => reject(place.transaction.error ?? new Error("IndexedDB"));
  });
  place.add(action);
  await done;
}

/** All kept actions, oldest first. */
export async function waiting(): Promise<Action[]> {
  return asked((await store(ACTIONS, "readonly")).getAll() as IDBRequest<Action[]>);
}

/** Let an action go. */
export async function forget(key: string): Promise<void> {
  const place = await store(ACTIONS, "readwrite");
  const at = await asked(place.index("key").getKey(key));
  if (at !== undefined) await asked(place.delete(at));
}

/** Write down that the server refused an action, and why. */
export async function refuse(key: string, words: string): Promise<void> {
  const place = await store(ACTIONS, "readwrite");
  const at = await asked(place.index("key").getKey(key));
  if (at === undefined) return;
  const action = (await asked(place.get(at))) as Action;
  await asked(place.put({ ...action, refused: words }, at));
}

/** Remember the last answer of an address, for when there is no connection. */
export async function remember(name: string, value: unknown): Promise<void> {
  await asked((await store(HEARD, "readwrite")).put(value, name));
}

export async function recall<T>(name: string): Promise<T | undefined> {
  return asked((await store(HEARD, "readonly")).get(name) as IDBRequest<T | undefined>);
}

/** Forget all that was heard: somebody else signs in. What waits to be sent stays. */
export async function forgetHeard(): Promise<void> {
  await asked((await store(HEARD, "readwrite")).clear());
}
