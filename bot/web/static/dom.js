// Small helpers over the page: building elements, icons, keyed lists.

const PATHS = {
  arrow: '<path d="M5 12h14M13 6l6 6-6 6"/>',
  left: '<path d="M15 5l-7 7 7 7"/>',
  close: '<path d="M6 6l12 12M18 6L6 18"/>',
  more: '<circle cx="5" cy="12" r="1.2"/><circle cx="12" cy="12" r="1.2"/><circle cx="19" cy="12" r="1.2"/>',
  clip: '<path d="M20 11.5l-8.2 8.2a5.2 5.2 0 0 1-7.4-7.4l8.6-8.6a3.5 3.5 0 0 1 5 5l-8.6 8.5a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8"/>',
  person: '<circle cx="12" cy="8" r="3.6"/><path d="M5 20c.6-4 3.4-6 7-6s6.400 2 7 6"/>',
  people: '<circle cx="9" cy="8" r="3.3"/><path d="M3 19c.5-3.600 2.900-5.400 6-5.400s5.500 1.800 6 5.400M16 5.200a3.300 3.300 0 0 1 0 5.800M18 14.200c1.800.8 2.800 2.400 3.100 4.800"/>',
  book: '<path d="M12 6.500C10 5 7.500 4.500 4 4.800V18c3.500-.3 6 .2 8 1.700 2-1.500 4.500-2 8-1.700V4.800c-3.500-.3-6 .2-8 1.700zM12 6.500v13"/>',
  plane: '<path d="M21 4L3 11.200l6.500 2.300L12 20l3-5 6-11zM9.500 13.500L21 4"/>',
  moon: '<path d="M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z"/>',
  sun: '<circle cx="12" cy="12" r="4"/><path d="M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400"/>',
  up: '<path d="M7 11l4-7c1.600 0 2.500 1 2.200 2.600L12.600 10H18a2 2 0 0 1 2 2.400l-1.200 6A2 2 0 0 1 16.800 20H7zM7 11H4v9h3"/>',
  down: '<path d="M17 13l-4 7c-1.600 0-2.500-1-2.200-2.600l.6-3.400H6a2 2 0 0 1-2-2.400l1.200-6A2 2 0 0 1 7.200 4H17zM17 13h3V4h-3"/>',
  check: '<path d="M5 12.500l4.500 4.500L19 7.500"/>',
  clock: '<circle cx="12" cy="12" r="8.500"/><path d="M12 7v5l3.200 2"/>',
  pause: '<path d="M9 6v12M15 6v12"/>',
  warn: '<path d="M12 4l9 16H3zM12 10v4.500M12 17.300v.2"/>',
  info: '<circle cx="12" cy="12" r="8.500"/><path d="M12 11v5M12 8v.2"/>',
  again: '<path d="M19.500 12a7.500 7.500 0 1 1-2.300-5.400M19.500 4v4h-4"/>',
  lock: '<rect x="6" y="11" width="12" height="9" rx="2"/><path d="M9 11V8a3 3 0 0 1 6 0v3"/>',
  image: '<rect x="4" y="5" width="16" height="14" rx="1.500"/><path d="M4 16.500l4.500-4.500 4 4 2.500-2.500 5 4.500"/><circle cx="15.500" cy="9.500" r="1.200"/>',
  file: '<path d="M7 3.500h7l4 4v13H7zM14 3.500v4h4"/>',
  inbox: '<path d="M4 14l2.500-8h11L20 14v5H4zM4 14h5a3 3 0 0 0 6 0h5"/>',
  horn: '<path d="M4 10v4h3l9 4.500v-13L7 10zM16 9.500a3 3 0 0 1 0 5M8 14l1 5h2.500l-1-4"/>',
  search: '<circle cx="10.500" cy="10.500" r="6"/><path d="M15 15l5 5"/>',
  on: '<path d="M4 12h12M11 7l5 5-5 5M20 5v14"/>',
  zz: '<circle cx="12" cy="13" r="7.500"/><path d="M9.500 10.500h5l-5 5h5M4 6l3-2.500M20 6l-3-2.500"/>',
  globe: '<circle cx="12" cy="12" r="8.500"/><path d="M3.500 12h17M12 3.500c-5 5-5 12 0 17M12 3.500c5 5 5 12 0 17"/>',
  offline: '<path d="M4 4l16 16M5 12.500a10 10 0 0 1 4-2.500M19 12.500a10 10 0 0 0-5-2.800M8.500 16a5 5 0 0 1 5.500-.8M12 19.300v.2"/>',
  edit: '<path d="M5 19l1-4L16 5l3 3L9 18zM14 7l3 3"/>',
  chart: '<path d="M5 20V9M10 20V4M15 20v-8M20 20v-5M3 20h19"/>',
};
const BELL = '<circle cx="12" cy="5.400" r="1.700"/><path d="M4.600 15.600a7.400 7.400 0 0 1 14.800 0z"/><rect x="3" y="17" width="18" height="2.600" rx="1.300"/>';

export const $ = (id) => document.getElementById(id);

/** el("button.press.quiet", {type: "button", onclick: f}, "words", child) */
export function el(what, about = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(about)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

/** The markup comes from the table above, never from a message. */
export function icon(name) {
  const node = el("span.icon", { "aria-hidden": "true" });
  fillIcon(node, name);
  return node;
}

export function fillIcon(node, name) {
  const solid = name === "bell";
  const made = new DOMParser().parseFromString(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"${solid ? ' class="solid"' : ""}>${solid ? BELL : PATHS[name] || ""}</svg>`,
    "image/svg+xml",
  );
  node.replaceChildren(document.importNode(made.documentElement, true));
}

export function bell() {
  const node = icon("bell");
  node.firstChild.setAttribute("class", "bell");
  return node.firstChild;
}

export function fillIcons(root = document) {
  for (const node of root.querySelectorAll("[data-icon]")) fillIcon(node, node.dataset.icon);
}

/** Shows items in order; an element whose stamp is unchanged stays, so that focus and reading position stay. */
export function arrange(container, items) {
  const old = new Map([...container.children].map((node) => [node.dataset.key, node]));
  let place = container.firstChild;
  for (const item of items) {
    let node = old.get(item.key);
    old.delete(item.key);
    if (!node || node.dataset.stamp !== item.stamp) {
      const fresh = item.draw();
      fresh.dataset.key = item.key;
      fresh.dataset.stamp = item.stamp;
      if (node) {
        if (node === place) place = fresh;
        const focused = node.contains(document.activeElement) || node === document.activeElement;
        node.replaceWith(fresh);
        if (focused) fresh.focus({ preventScroll: true });
      }
      node = fresh;
    }
    if (node !== place) container.insertBefore(node, place);
    else place = place.nextSibling;
    if (place === node) place = node.nextSibling;
  }
  for (const node of old.values()) node.remove();
}

export function initials(name) {
  const clean = (name || "").trim();
  if (!clean) return "?";
  if (/^[\u3400-\u9fff]/.test(clean)) return clean[0];
  const parts = clean.split(/\s+/);
  return (parts[0][0] + (parts.length > 1 ? parts[parts.length - 1][0] : "")).toUpperCase();
}

/** A panel that is a sheet on small screens: Esc and the close button close it, focus comes back. */
export class Sheet {
  constructor(panel, opener) {
    this.panel = panel;
    this.opener = opener;
    opener.addEventListener("click", () => this.toggle());
    panel.addEventListener("click", (event) => event.target.closest("[data-close]") && this.close());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.isOpen && this.close());
    document.addEventListener("pointerdown", (event) => {
      if (this.isOpen && !panel.contains(event.target) && !opener.contains(event.target)) this.close();
    });
  }
  get isOpen() {
    return this.panel.classList.contains("open");
  }
  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }
  open() {
    this.panel.classList.add("open");
    this.opener.setAttribute("aria-expanded", "true");
    for (const other of this._others()) other.inert = true;
    (this.panel.querySelector("[data-close]") || this.panel).focus();
  }
  close() {
    if (!this.isOpen) return;
    this.panel.classList.remove("open");
    this.opener.setAttribute("aria-expanded", "false");
    for (const other of this._others()) other.inert = false;
    this.opener.focus();
  }
  _others() {
    const found = [];
    for (let node = this.panel; node && node !== document.body; node = node.parentElement) {
      found.push(...[...node.parentElement.children].filter((other) => other !== node && other.tagName !== "SCRIPT" && !other.hasAttribute("aria-live")));
    }
    return found;
  }
}
