/**
 * Reads HTTP/1.1 answers of one keep-alive connection: status, then a body framed by Content-Length or chunks, in pieces of
 * any size. It does only what a measurement needs, so that hundreds of connections cost little.
 */
import { EventCounter } from './event-counter.js';

const NEWLINE = 10;

export class AnswerReader {
  status = 0;
  bodyBytes = 0;
  readonly counter = new EventCounter();
  private state: 'head' | 'body' | 'size' | 'trailer' = 'head';
  private text = '';
  private left = 0;
  private chunked = false;

  /** @returns whether this piece completed the answer. Throws on bytes that are no HTTP answer. */
  push(bytes: Buffer): boolean {
    let at = 0;
    let complete = false;
    while (at < bytes.length) {
      if (complete) throw new Error('bytes after the end of an answer');
      if (this.state === 'body') {
        const end = Math.min(bytes.length, at + this.left);
        this.counter.push(bytes, at, this.chunked ? Math.min(end, at + this.left - 2) : end);
        this.bodyBytes += end - at;
        this.left -= end - at;
        at = end;
        if (this.left > 0) return false;
        complete = !this.chunked;
        this.state = this.chunked ? 'size' : 'head';
      } else {
        const newline = bytes.indexOf(NEWLINE, at);
        const end = newline === -1 ? bytes.length : newline + 1;
        this.text += bytes.toString('latin1', at, end);
        at = end;
        if (newline !== -1) complete = this.line();
      }
    }
    return complete;
  }

  /** A line of the head, of the trailer, or a chunk's size has come; true when the answer ends with it. */
  private line(): boolean {
    if (this.state === 'head') {
      if (this.text.endsWith('\r\n\r\n')) return this.head();
      return false;
    }
    const line = this.text.trim();
    this.text = '';
    if (this.state === 'trailer') {
      if (line !== '') return false;
      this.state = 'head';
      return true;
    }
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) throw new Error(`not a chunk size: ${line.slice(0, 40)}`);
    this.left = size + 2; // the line end after a chunk belongs to its frame
    this.state = size === 0 ? 'trailer' : 'body';
    return false;
  }

  private head(): boolean {
    const text = this.text;
    this.text = '';
    if (!text.startsWith('HTTP/1.1 ')) throw new Error(`not an HTTP answer: ${text.slice(0, 40)}`);
    this.status = Number(text.slice(9, 12));
    this.bodyBytes = 0;
    this.counter.reset();
    this.chunked = /\r\ntransfer-encoding: *chunked/i.test(text);
    this.left = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    this.state = this.chunked ? 'size' : this.left > 0 ? 'body' : 'head';
    return !this.chunked && this.left === 0;
  }
}
