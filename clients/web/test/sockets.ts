// A WebSocket that a test plays the other end of.
import { vi } from "vitest";

export class FakeSocket {
  static all: FakeSocket[] = [];
  readonly url: URL;
  readonly protocols: string[];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(url: URL | string, protocols: string[]) {
    this.url = new URL(url);
    this.protocols = protocols;
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  close(): void {
    this.closed = true;
    this.onclose?.({ code: 1005, reason: "" });
  }

  open(): void {
    this.onopen?.();
  }

  tell(type: string, sequence: string, data: unknown = {}, more: object = {}): void {
    const envelope = { specversion: "1.0", id: sequence, source: "/c", type, sequence, data, ...more };
    this.onmessage?.({ data: JSON.stringify(envelope) });
  }

  /** The other end goes. */
  end(code: number, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}

export function fakeSockets(): void {
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
}
