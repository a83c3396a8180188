// Language and theme switches, wherever they stand on the page.
import { fillIcon, fillIcons } from "./dom.js";
import { applyTexts, setLanguage, t, onLanguage } from "./texts.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";

function showTheme() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.dataset.tLabel = isDark() ? "look.to_light" : "look.to_dark";
    button.setAttribute("aria-label", t(button.dataset.tLabel));
    button.title = t(button.dataset.tLabel);
    fillIcon(button.querySelector(".icon"), isDark() ? "sun" : "moon");
  }
}

function switchTheme() {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("frontdesk.theme", next);
  } catch (_) {
    // It then holds for this page only.
  }
  showTheme();
}

export function startLook() {
  fillIcons();
  applyTexts();
  showTheme();
  for (const button of document.querySelectorAll("[data-theme-switch]")) button.addEventListener("click", switchTheme);
  for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => setLanguage(button.dataset.language));
  dark.addEventListener("change", showTheme);
  onLanguage(showTheme);
}
