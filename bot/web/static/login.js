// The shop's own site around this page says who is logged in there; the server checks the signature.
import { boot } from "./texts.js";

export function listenForLogin() {
  const origins = boot.login_origins ?? [];
  if (window.parent === window || !origins.length) return;
  window.addEventListener("message", async (event) => {
    const token = event.data?.login;
    if (event.source !== window.parent || !origins.includes(event.origin) || typeof token !== "string") return;
    const answer = await fetch("/chat/login", { method: "POST", body: token });
    window.parent.postMessage({ frontdesk: answer.ok ? "logged-in" : "login-refused" }, event.origin);
    if (answer.ok) window.location.reload();
  });
  // Whoever else is around this page does not hear it: the browser holds the origin against each.
  for (const origin of origins) window.parent.postMessage({ frontdesk: "ready" }, origin);
}
