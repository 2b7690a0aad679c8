/** The key of this phone, which never leaves it, and what is signed with it: compact JWS with ES256 (RFC 7515, 7518). */
import type { Device } from "./phone_types";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const HEX = 16;
const CHUNK = 0x8000;

export async function makeDevice(uuid: string): Promise<Device> {
  return { uuid, keys: await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]) };
}

export async function publicKey(device: Device): Promise<JsonWebKey> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", device.keys.publicKey);
  return { kty, crv, x, y } as JsonWebKey;
}

/** Returns the payload, signed. The signature of WebCrypto is already in the form that JWS wants: r and s. */
export async function sign(device: Device, payload: object): Promise<string> {
  const header = { alg: "ES256", kid: device.uuid };
  const signed = `${base64url(utf8(JSON.stringify(header)))}.${base64url(utf8(JSON.stringify(payload)))}`;
  const signature = await crypto.subtle.sign(SIGNING, device.keys.privateKey, utf8(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

export async function sha256(blob: Blob): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(HEX).padStart(2, "0")).join("");
}

export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(text);
}

function base64url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
