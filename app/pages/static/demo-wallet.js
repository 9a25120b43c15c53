// The demo's wallet: announced like any other (EIP-6963), holding throwaway accounts, asking before it does anything.

const ICON = "data:image/svg+xml;base64," + btoa('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect x="2" y="5" width="20" height="15" fill="#3f4f46"/><path d="M2 9h20" stroke="#fffdfa" stroke-width="2"/><circle cx="17" cy="14.5" r="2" fill="#fffdfa"/></svg>');
const info = Object.freeze({ uuid: crypto.randomUUID(), name: "Demo wallet", icon: ICON, rdns: "localhost.demo.wallet" });

const declined = () => Object.assign(new Error("The user declined."), { code: 4001 });
const short = (address) => `${address.slice(0, 6)}…${address.slice(-4)}`;
let connected = null;

// One question in a dialog; what the chosen button stands for. Closing it is a no.
function ask(title, text, choices) {
  const dialog = document.createElement("dialog");
  dialog.className = "demo-wallet";
  dialog.setAttribute("aria-labelledby", "demo-wallet");
  const heading = document.createElement("h2");
  heading.id = "demo-wallet";
  heading.textContent = title;
  const words = document.createElement("pre");
  words.textContent = text;
  words.tabIndex = 0;
  const buttons = document.createElement("p");
  const answer = new Promise((resolve, refuse) => {
    for (const [label, value] of [...choices, ["Decline", null]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => {
        if (value !== null) resolve(value);
        dialog.close();
      });
      buttons.append(button);
    }
    dialog.addEventListener("close", () => {
      dialog.remove();
      refuse(declined());
    });
  });
  dialog.append(heading, words, buttons);
  document.body.append(dialog);
  dialog.showModal();
  buttons.querySelector("button").focus();
  return answer;
}

async function answered(path, body) {
  const answer = await fetch(path, body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.detail), { code: -32603 });
  return said;
}

const text = (hex) => new TextDecoder().decode(Uint8Array.from(hex.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16)));

const methods = {
  async eth_requestAccounts() {
    const accounts = await answered("/_demo/accounts");
    connected = await ask("Demo wallet", "Which account? All are throwaway accounts of this demo.", accounts.map(({ address, name }) => [`${name}, ${short(address)}`, address]));
    return [connected];
  },
  async eth_accounts() {
    return connected ? [connected] : [];
  },
  async eth_chainId() {
    return "0x7a69";
  },
  async personal_sign([message, address]) {
    await ask("Demo wallet: sign in?", text(message), [["Sign", true]]);
    return (await answered("/_demo/sign", { address, message: text(message) })).signature;
  },
};

const provider = Object.freeze({
  async request({ method, params = [] }) {
    if (!methods[method]) throw Object.assign(new Error(`The demo wallet does not know ${method}.`), { code: 4200 });
    return methods[method](params);
  },
  on() {},
  removeListener() {},
});

const announce = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
addEventListener("eip6963:requestProvider", announce);
announce();
