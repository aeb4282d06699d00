// Passkeys: the server's question to the authenticator and the answer back.

/** @typedef {{ text?: string, again?: string, to?: string }} Reply */

/** Something to tell the person. */
export class Told extends Error {}

/** Whether this browser knows passkeys and their questions as JSON. */
export function known() {
  return "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/**
 * @param {string} address @param {unknown} [body] @param {string} [refused] what to say where the server says nothing
 * @returns {Promise<any>}
 */
async function post(address, body, refused = "") {
  const response = await fetch(address, { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body: JSON.stringify(body ?? {}) });
  /** @type {Reply} */
  const reply = await response.json().catch(() => ({}));
  if (reply.again) {
    location.assign(reply.again);
    return new Promise(() => {}); // the page goes
  }
  if (!response.ok) throw new Told(reply.text ?? refused);
  return reply;
}

/** Signs in. @param {string} to where to go then @param {string} refused */
export async function enter(to, refused) {
  const options = await post("/sign/key/ask", undefined, refused);
  const credential = /** @type {PublicKeyCredential} */ (
    await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) })
  );
  const reply = await post("/sign/key", { answer: credential.toJSON(), to }, refused);
  location.assign(reply.to);
}

/** Makes a passkey. @param {string} name @param {string} refused */
export async function add(name, refused) {
  const options = await post("/sign/me/keys/ask", undefined, refused);
  const credential = /** @type {PublicKeyCredential} */ (
    await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey) })
  );
  const reply = await post("/sign/me/keys", { answer: credential.toJSON(), name }, refused);
  location.assign(reply.to);
}

/**
 * Runs one of the two and tells what went wrong.
 * @param {HTMLElement} box with the words in its data @param {HTMLButtonElement} button @param {() => Promise<void>} act
 */
export async function run(box, button, act) {
  const wrong = /** @type {HTMLElement} */ (box.querySelector(".wrong"));
  wrong.hidden = true;
  button.disabled = true;
  try {
    await act();
  } catch (error) {
    // Authenticators say NotAllowedError for "no", "too late" and "none here" alike.
    wrong.textContent = error instanceof Told ? error.message : (box.dataset.gaveUp ?? "");
    wrong.hidden = false;
  } finally {
    button.disabled = false;
  }
}
