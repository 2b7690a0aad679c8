/** Makes elements of the app. Text is always text, never markup. */

type Child = Node | string | false | null | undefined;
type Value = string | number | boolean | null | undefined | ((event: never) => void);
type Properties = Readonly<Record<string, Value>>;

const SVG = "http://www.w3.org/2000/svg";

/** Pictures of 20 by 20, drawn with the line of the text beside them. */
const ICONS = {
  back: "M12.5 4 6.5 10l6 6",
  done: "M4 10.5 8 15l8-10",
  offline: "M3 3l14 14M5.5 9.3a8 8 0 0 1 2-1.2m4-.4a8 8 0 0 1 3 1.6M8 12.3a4 4 0 0 1 4 0M10 15.5v.1",
  waiting: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm0 3.5V10l2.5 2",
  person: "M10 3 2.5 16.5h15zM10 8v4m0 2.3v.1",
  more: "M10 4.5v.1M10 10v.1M10 15.5v.1",
  camera: "M3 6.5h3l1.5-2h5L14 6.5h3v9H3zM10 8.2a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2z",
  locked: "M5 9h10v7H5zm2 0V6.5a3 3 0 0 1 6 0V9",
  next: "M7.5 4l6 6-6 6",
} as const;

type IconName = keyof typeof ICONS;

/** Returns an element; a function is a listener, `true` an empty attribute, nothing no attribute. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== false && child != null));
  return element;
}

export function icon(name: IconName): SVGSVGElement {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 20 20");
  picture.setAttribute("class", "q-phone-icon");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

/** Returns how far something has come, as a bar; the figures stand beside it. */
export function bar(done: number, all: number): SVGSVGElement {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "q-phone-bar");
  picture.setAttribute("viewBox", "0 0 100 6");
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  for (const [kind, breadth] of [["ground", 100], ["done", all ? (done / all) * 100 : 0]] as const) {
    const stretch = document.createElementNS(SVG, "rect");
    stretch.setAttribute("class", `q-phone-bar-${kind}`);
    stretch.setAttribute("width", String(breadth));
    stretch.setAttribute("height", "6");
    picture.append(stretch);
  }
  return picture;
}

export function button(label: Child, onPress: () => void, kind: "primary" | "quiet" | "" = "", more: Properties = {}): HTMLButtonElement {
  const looks = kind ? ` q-button-${kind}` : "";
  return h("button", { type: "button", class: `q-button${looks}`, click: onPress, ...more }, label);
}

export function notice(tone: "good" | "partly" | "bad" | "", ...children: Child[]): HTMLElement {
  return h("div", { class: "q-notice q-stack", "data-tone": tone || null }, ...children);
}

/** Asks before something that cannot be taken back, or that leaves something open. Resolves to what was pressed. */
export function confirmed(title: string, body: Child[], yes: string, no: string): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (is: boolean) => () => dialog.close(is ? "yes" : "");
    const dialog = h(
      "dialog",
      { class: "q-phone-dialog q-card", "aria-labelledby": "phone-dialog", close: () => {
        dialog.remove();
        resolve(dialog.returnValue === "yes");
      } },
      h("div", { class: "q-stack" },
        h("h2", { id: "phone-dialog" }, title),
        ...body,
        h("div", { class: "q-phone-buttons" }, button(no, answer(false)), button(yes, answer(true), "primary"))),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
