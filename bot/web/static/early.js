// Runs before the first paint, so that a chosen look does not flash.
(function () {
  try {
    const theme = localStorage.getItem("frontdesk.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (_) {
    // Storage may be forbidden; the page then follows the system.
  }
})();
