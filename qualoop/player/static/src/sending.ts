/**
 * Sends a form as the browser would, and says what came back in terms of the page.
 *
 * A page may have its own say by two events of the element: `qualoop-send`, with the `headers` that go out, and
 * `qualoop-reply`, with the `headers` that came and the `element` before it is put in.
 */

export type Reply =
  | { readonly kind: "fragment"; readonly element: HTMLElement; readonly refused: boolean }
  /** Nothing arrived, or nothing that could be trusted: sending the same again is safe. */
  | { readonly kind: "network" }
  /** The host no longer knows this page: the activity must be opened again. */
  | { readonly kind: "session" };

const PATIENCE_MS = 20_000;
/** 422: it does not fit; 409: another page had moved on. Either way the page says what was not taken. */
const REFUSED = new Set([409, 422]);
const GONE = new Set([401, 403, 404, 410]);

export async function send(form: HTMLFormElement, submitter: HTMLElement | null, root: HTMLElement): Promise<Reply> {
  try {
    const going = headers(root.dataset["csrfCookie"]);
    announce(root, "qualoop-send", { headers: going });
    const response = await fetch(address(form, submitter), {
      method: "POST",
      credentials: "same-origin",
      headers: going,
      body: body(form, submitter),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const reply = read(response.status, await response.text(), root.localName);
    if (reply.kind === "fragment") {
      announce(root, "qualoop-reply", { headers: response.headers, element: reply.element });
    }
    return reply;
  } catch {
    return { kind: "network" };
  }
}

function announce(root: HTMLElement, name: string, detail: object): void {
  root.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

function address(form: HTMLFormElement, submitter: HTMLElement | null): string {
  // Not form.action: a field of that name would hide it.
  return submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
}

function headers(csrfCookie: string | undefined): Headers {
  const all = new Headers({ Accept: "text/html", "X-Qualoop-Fragment": "1" });
  const token = csrfCookie ? cookie(csrfCookie) : undefined;
  if (token) {
    all.set("X-CSRFToken", token);
  }
  return all;
}

/** Gives a form that the browser sends by itself the token that others carry in a header. */
export function addToken(form: HTMLFormElement, csrfCookie: string | undefined): void {
  const token = csrfCookie ? cookie(csrfCookie) : undefined;
  if (token) {
    const field = form.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]") ?? document.createElement("input");
    Object.assign(field, { type: "hidden", name: "csrfmiddlewaretoken", value: token });
    form.append(field);
  }
}

function cookie(name: string): string | undefined {
  const start = `${name}=`;
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(start));
  return found && decodeURIComponent(found.slice(start.length));
}

function body(form: HTMLFormElement, submitter: HTMLElement | null): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") {
      fields.append(name, value);
    }
  }
  if (submitter instanceof HTMLButtonElement && submitter.name) {
    fields.append(submitter.name, submitter.value);
  }
  return fields;
}

function read(status: number, text: string, tag: string): Reply {
  const element = new DOMParser().parseFromString(text, "text/html").querySelector<HTMLElement>(tag);
  if (element) {
    return { kind: "fragment", element, refused: REFUSED.has(status) };
  }
  // An answer in another form (a login page, an error page) is never put into this page.
  return GONE.has(status) || status < 400 ? { kind: "session" } : { kind: "network" };
}
