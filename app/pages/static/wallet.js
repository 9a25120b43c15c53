// Signing in with a wallet: the wallets of this browser (EIP-6963, else window.ethereum), a message of EIP-4361, and a
// session that lives in a cookie no script can read. What is kept here is only that there is one.

import { call, Problem } from "./api.js";
import { clean } from "./markdown.js";

const MARK = "dnft-account";
const RENEW = 5 * 60_000;
const MOST = 20;

const announced = new Map();
addEventListener("eip6963:announceProvider", ({ detail }) => {
  const { info, provider } = detail || {};
  if (!info || typeof provider?.request !== "function" || announced.size >= MOST) return;
  const icon = String(info.icon || "");
  announced.set(String(info.uuid), {
    name: clean(info.name || "").slice(0, 60) || "A wallet without a name",
    icon: icon.startsWith("data:image/") ? icon : "",
    provider,
  });
});

// Wallets answer at once; the moment is for those whose scripts come late.
export async function wallets() {
  dispatchEvent(new Event("eip6963:requestProvider"));
  if (!announced.size) await new Promise((resolve) => { setTimeout(resolve, 300); });
  const found = [...announced.values()];
  const { ethereum } = window;
  if (!found.length && typeof ethereum?.request === "function") found.push({ name: "The wallet of this browser", icon: "", provider: ethereum });
  return found;
}

const hex = (text) => "0x" + Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const short = (account) => {
  const address = String(account).split(":").at(-1);
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
};

// Notes of this browser; in one that keeps nothing there are none.
export function keep(name, value) {
  try {
    if (value) localStorage.setItem(name, value);
    else localStorage.removeItem(name);
  } catch { /* it keeps nothing */ }
}

export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export const forget = () => keep(MARK, null);

// The session, if there is one. Who never signed in here is not asked after.
export async function current() {
  if (!kept(MARK)) return null;
  try {
    return await call("GET", "/v1/auth/me");
  } catch (error) {
    if (error.status !== 401) throw error;
    forget();
    return null;
  }
}

export async function signIn({ provider }, chainId) {
  const [address] = await provider.request({ method: "eth_requestAccounts" });
  if (!address) throw new Problem(0, { detail: "The wallet gave no account." });
  const { message } = await call("GET", `/v1/auth/challenge?address=${encodeURIComponent(address)}&chainId=${chainId}`);
  const signature = await provider.request({ method: "personal_sign", params: [hex(message), address] });
  const session = await call("POST", "/v1/auth/session", { body: { message, signature }, headers: { "x-session": "cookie" } });
  keep(MARK, session.account);
  return session;
}

export async function signOut() {
  await call("DELETE", "/v1/auth/session");
  forget();
}

// Sessions are short and can be renewed for some hours, while somebody is here.
export function keepAlive(ended) {
  let due = Date.now() + RENEW;
  setInterval(() => {
    if (document.hidden || Date.now() < due || !kept(MARK)) return;
    due = Date.now() + RENEW;
    call("POST", "/v1/auth/renew").catch((error) => error.status === 401 && ended());
  }, 15_000);
}

// What a wallet says when somebody says no (EIP-1193).
export const declined = (error) => error?.code === 4001;

// A button for every wallet, in `place`; or, when there is but one, that one at once.
export async function choose(place, chosen) {
  const found = await wallets();
  place.replaceChildren();
  if (found.length === 1) return chosen(found[0]);
  for (const wallet of found) {
    const button = document.createElement("button");
    button.type = "button";
    if (wallet.icon) {
      const image = new Image(24, 24);
      image.src = wallet.icon;
      image.alt = "";
      button.append(image);
    }
    const name = document.createElement("bdi");
    name.textContent = wallet.name;
    button.append(name);
    button.addEventListener("click", () => chosen(wallet));
    place.append(button);
  }
  place.hidden = !found.length;
  place.querySelector("button")?.focus();
  return found.length ? undefined : chosen(null);
}
