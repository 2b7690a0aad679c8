/**
 * Goes from page to page with a bearer that is kept here and nowhere else: links and forms of our pages are fetched, and
 * what comes back takes the place of the page. A reload ends it.
 */
import { save, SessionFiles } from "./storage_files";

const NEW_BEARER = "Qualoop-Bearer";
const PATIENCE_MS = 30_000;
const STYLES_MS = 1_500;
/** An open page asks for a new bearer in time, also when nobody does anything. */
const RENEW_MS = 8 * 60_000;

interface Asked {
  readonly url: URL;
  readonly body?: BodyInit;
}

type Step = "push" | "replace" | "none";

export class BearerPages {
  #bearer = "";
  #loading: AbortController | null = null;
  #shown = "";
  readonly #files = new SessionFiles((address) => this.#fetch({ url: new URL(address, location.href) }));

  async begin(bearer: string, address: string): Promise<void> {
    this.#bearer = bearer;
    document.addEventListener("click", this.#onClick);
    document.addEventListener("auxclick", this.#onClick);
    document.addEventListener("submit", this.#onSubmit);
    document.addEventListener("formdata", this.#onFormData);
    document.addEventListener("qualoop-send", this.#onSend);
    document.addEventListener("qualoop-reply", this.#onReply);
    window.addEventListener("popstate", this.#onPopState);
    setInterval(() => void this.#renew(), RENEW_MS);
    await this.#go({ url: new URL(address, location.href) }, "replace");
  }

  /** Shows a page in the place of this one. */
  async show(html: string, address = location.href): Promise<void> {
    const page = new DOMParser().parseFromString(html, "text/html");
    this.#files.prepare(page, new URL(address));
    const added = await addStyles(page);
    this.#shown = location.pathname + location.search;
    document.documentElement.lang = page.documentElement.lang;
    document.title = page.title;
    const body = document.adoptNode(page.body);
    const scripts = [...page.querySelectorAll("script[src]"), ...body.querySelectorAll("script[src]")];
    document.body.replaceWith(body);
    removeStyles(added);
    run(scripts);
    this.#files.fill();
  }

  async #go(asked: Asked, step: Step): Promise<void> {
    this.#loading?.abort();
    const loading = (this.#loading = new AbortController());
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      loading.abort();
    }, PATIENCE_MS);
    document.body.setAttribute("aria-busy", "true");
    try {
      const response = await this.#fetch(asked, loading.signal);
      if (isPage(response)) {
        await this.#arrive(response, asked, step);
      } else {
        await save(response);
      }
    } catch {
      // Another page was asked for meanwhile: then nobody waits for this one.
      if (isLate || !loading.signal.aborted) {
        showTrouble();
      }
    } finally {
      clearTimeout(timer);
      document.body.removeAttribute("aria-busy");
    }
  }

  async #arrive(response: Response, asked: Asked, step: Step): Promise<void> {
    const html = await response.text();
    const address = new URL(response.url || asked.url);
    address.hash = asked.url.hash;
    // What a form was sent to is no address to come back to, unless the answer led on from there.
    const named = asked.body === undefined || response.redirected;
    if (step === "push" && named && address.href !== location.href) {
      history.pushState(null, "", address);
    } else if (step !== "none" && named) {
      history.replaceState(null, "", address);
    }
    await this.show(html, address.href);
    arriveAt(address.hash);
  }

  async #fetch(asked: Asked, signal?: AbortSignal): Promise<Response> {
    const response = await fetch(asked.url, {
      method: asked.body === undefined ? "GET" : "POST",
      headers: { Authorization: `Bearer ${this.#bearer}` },
      ...(asked.body === undefined ? {} : { body: asked.body }),
      signal: signal ?? AbortSignal.timeout(PATIENCE_MS),
    });
    this.#take(response.headers);
    return response;
  }

  async #renew(): Promise<void> {
    const headers = { Authorization: `Bearer ${this.#bearer}` };
    const response = await fetch(location.href, { method: "HEAD", headers }).catch(() => null);
    if (response) {
      this.#take(response.headers);
    }
  }

  #take(headers: Headers): void {
    this.#bearer = headers.get(NEW_BEARER) ?? this.#bearer;
  }

  readonly #onClick = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
    // A page that anybody may open by its address has no need of the bearer.
    if (!link || event.defaultPrevented || link.origin !== location.origin || isPlace(link) || "qPublic" in link.dataset) {
      return;
    }
    const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || link.target === "_blank";
    event.preventDefault();
    if (elsewhere) {
      openWindow(link.href);
    } else {
      void this.#go({ url: new URL(link.href) }, "push");
    }
  };

  /** Back and forward; a step to another place of the same page is the browser's own. */
  readonly #onPopState = (): void => {
    if (location.pathname + location.search !== this.#shown) {
      void this.#go({ url: new URL(location.href) }, "none");
    }
  };

  readonly #onSubmit = (event: SubmitEvent): void => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented) {
      return;
    }
    const sent = formOf(form, event.submitter);
    if (sent.url.origin === location.origin && sent.target !== "_blank") {
      event.preventDefault();
      void this.#go(sent, "push");
    }
  };

  /** The one form that leads to a window gets the bearer into what it sends, never into the page. */
  readonly #onFormData = (event: Event): void => {
    const form = event.target;
    if (event instanceof FormDataEvent && form instanceof HTMLFormElement && "qWindow" in form.dataset) {
      event.formData.set("bearer", this.#bearer);
      event.formData.set("page", event.formData.get("page") || pageBelow(form, location.href));
    }
  };

  readonly #onSend = (event: Event): void => {
    if (event instanceof CustomEvent) {
      (event.detail as { headers: Headers }).headers.set("Authorization", `Bearer ${this.#bearer}`);
    }
  };

  readonly #onReply = (event: Event): void => {
    if (event instanceof CustomEvent) {
      const { headers, element } = event.detail as { headers: Headers; element: HTMLElement };
      this.#take(headers);
      this.#files.prepare(element, new URL(location.href));
      // After the player has put it in.
      queueMicrotask(() => setTimeout(() => this.#files.fill()));
    }
  };
}

function isPage(response: Response): boolean {
  const disposition = response.headers.get("Content-Disposition") ?? "";
  return (response.headers.get("Content-Type") ?? "").startsWith("text/html") && !disposition.startsWith("attachment");
}

/** Says whether a link leads to another place of this very page. */
function isPlace(link: HTMLAnchorElement): boolean {
  return link.hash !== "" && link.pathname === location.pathname && link.search === location.search;
}

interface Sent extends Asked {
  readonly target: string;
}

/** Returns what a form sends, and where, as HTML says (The form element's action and method; a button's go first). */
function formOf(form: HTMLFormElement, submitter: HTMLElement | null): Sent {
  const said = (name: string): string => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? "";
  const url = new URL(said("action") || location.href, location.href);
  const fields = new FormData(form);
  if (submitter instanceof HTMLButtonElement && submitter.name) {
    fields.append(submitter.name, submitter.value);
  }
  const target = said("target");
  if (said("method").toLowerCase() === "post") {
    const hasFiles = form.enctype === "multipart/form-data";
    return { url, target, body: hasFiles ? fields : texts(fields) };
  }
  url.search = texts(fields).toString();
  return { url, target };
}

function texts(fields: FormData): URLSearchParams {
  const pairs = [...fields].map(([name, value]) => [name, typeof value === "string" ? value : value.name]);
  return new URLSearchParams(pairs);
}

function openWindow(address: string): void {
  const form = document.querySelector<HTMLFormElement>("form[data-q-window]");
  const page = form?.querySelector<HTMLInputElement>("input[name=page]");
  if (form && page) {
    page.value = pageBelow(form, address);
    form.requestSubmit();
    page.value = "";
  }
}

/** Returns what follows the launch in an address: its page and query. */
function pageBelow(form: HTMLFormElement, address: string): string {
  const base = new URL(".", new URL(form.getAttribute("action") ?? "", location.href));
  const { pathname, search } = new URL(address, location.href);
  return pathname.startsWith(base.pathname) ? pathname.slice(base.pathname.length) + search : "";
}

function showTrouble(): void {
  const trouble = document.querySelector<HTMLElement>("[data-q-page-trouble]");
  if (trouble) {
    trouble.hidden = false;
    trouble.focus();
  }
}

function arriveAt(hash: string): void {
  const place = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  if (place) {
    place.scrollIntoView();
    return;
  }
  window.scrollTo(0, 0);
  const main = document.querySelector("main");
  if (main) {
    main.tabIndex = -1;
    main.focus({ preventScroll: true });
  }
}

/** Adds the stylesheets that a page needs and this one lacks, and waits for them; returns all that the page needs. */
async function addStyles(page: Document): Promise<Set<string>> {
  const needed = new Set<string>();
  const waiting: Promise<void>[] = [];
  for (const link of page.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]")) {
    const address = link.getAttribute("href") ?? "";
    needed.add(address);
    if (document.head.querySelector(`link[href="${CSS.escape(address)}"]`)) {
      continue;
    }
    const added = document.createElement("link");
    added.rel = "stylesheet";
    waiting.push(new Promise((resolve) => (added.onload = added.onerror = () => resolve())));
    added.href = address;
    document.head.append(added);
  }
  await Promise.race([Promise.all(waiting), new Promise((resolve) => setTimeout(resolve, STYLES_MS))]);
  return needed;
}

function removeStyles(needed: ReadonlySet<string>): void {
  for (const link of document.head.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]")) {
    if (!needed.has(link.getAttribute("href") ?? "")) {
      link.remove();
    }
  }
}

/** A script that is put in with its page does not run, so each is made anew, in the order of the page. */
function run(scripts: readonly Element[]): void {
  for (const script of scripts) {
    const made = document.createElement("script");
    made.async = false;
    made.src = script.getAttribute("src") ?? "";
    document.body.append(made);
  }
}
