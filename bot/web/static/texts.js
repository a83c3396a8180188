// The page's sentences in the chosen language, and dates, sizes and durations in its manner.

export const boot = JSON.parse(document.getElementById("boot").textContent || "{}");
const listeners = [];
let language = pick();

function pick() {
  let kept = null;
  try {
    kept = localStorage.getItem("frontdesk.language");
  } catch (_) {
    // Without storage the server's choice stands.
  }
  return (boot.languages || []).includes(kept) ? kept : document.documentElement.lang;
}

export const currentLanguage = () => language;
export const onLanguage = (listener) => listeners.push(listener);

export function t(key, values = {}) {
  const sentence = (boot.texts[language] || {})[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
export const known = (key) => key in (boot.texts[language] || {});
export const count = (key, number, values = {}) =>
  t(`${key}.${new Intl.PluralRules(language).select(number) === "one" ? "one" : "other"}`, { count: number, ...values });

export function setLanguage(next) {
  language = next;
  try {
    localStorage.setItem("frontdesk.language", next);
  } catch (_) {
    // It then holds for this page only.
  }
  applyTexts();
  for (const listener of listeners) listener(next);
}

export function applyTexts(root = document) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
    if (node.tagName === "BUTTON") node.title = t(node.dataset.tLabel);
  }
  for (const node of root.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
  for (const node of root.querySelectorAll("[data-language]")) node.setAttribute("aria-pressed", String(node.dataset.language === language));
}

const format = (options) => new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", options);
export const clockTime = (at) => format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));
export const shortDate = (at) => format({ day: "numeric", month: language === "zh" ? "long" : "short", year: sameYear(at) ? undefined : "numeric" }).format(new Date(at));
export const percent = (share) => new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
export const figure = (number) => new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-GB").format(number);
const sameYear = (at) => new Date(at).getFullYear() === new Date().getFullYear();

export const dayKey = (at) => new Date(at).toDateString();
export function dayName(at) {
  const date = format({ weekday: "long", day: "numeric", month: "long", year: sameYear(at) ? undefined : "numeric" }).format(new Date(at));
  return dayKey(at) === new Date().toDateString() ? t("day.today", { date }) : date;
}
export function size(bytes) {
  if (bytes >= 1_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${Math.max(1, Math.round(bytes / 1000))} kB`;
}
export function duration(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 60) return t("time.minutes", { count: minutes });
  if (minutes < 60 * 24) return t("time.hours", { count: Math.floor(minutes / 60) });
  return t("time.days", { count: Math.floor(minutes / 1440) });
}
