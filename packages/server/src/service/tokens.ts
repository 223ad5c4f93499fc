/** Bearer tokens: who may ask. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { UserError } from '@mien/runtime';
import { ServiceError } from './service-error.ts';

/** 16 random bytes in hexadecimal are 32 characters; shorter texts are mostly words. */
const shortestToken = 16;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export class Tokens {
  readonly #digests: readonly Buffer[];

  /** Throws `UserError` `bad-token` for one that is short or cannot stand in a header. */
  constructor(tokens: readonly string[]) {
    for (const token of tokens) {
      if (!/^[\x21-\x7e]+$/.test(token) || token.length < shortestToken) {
        throw new UserError(
          'bad-token',
          `a token of ${token.length} characters: expected at least ${shortestToken} printable ones without spaces; \`openssl rand -hex 32\` makes a good one`,
        );
      }
    }
    this.#digests = tokens.map(digest);
  }

  get required(): boolean {
    return this.#digests.length > 0;
  }

  /**
   * Checks an Authorization header and gives a short name of the token for counting; undefined where none is required.
   * Digests are compared, all of them and in constant time: neither a token's length nor its place in the list shows.
   * Throws `ServiceError` `unauthorised`.
   */
  check(header: string | undefined): string | undefined {
    if (!this.required) return undefined;
    const given = /^Bearer ([\x21-\x7e]+)$/i.exec(header ?? '')?.[1];
    if (given === undefined) throw new ServiceError('unauthorised', 'expected the header Authorization: Bearer TOKEN');
    const asked = digest(given);
    let found = -1;
    for (const [i, known] of this.#digests.entries()) if (timingSafeEqual(known, asked)) found = i;
    if (found < 0) throw new ServiceError('unauthorised', 'the token is not one of those the service knows');
    return `token-${found}`;
  }
}
