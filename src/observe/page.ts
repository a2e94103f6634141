import { packageFile } from '../package-file.ts';
import type { Answer } from './http.ts';

/** The page for people. */
export async function page(): Promise<Answer> {
  // written by scripts/build-page.mjs: one document, with its style and its script in it
  const body = packageFile('dist/page.html');
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body,
    headers: {
      'Content-Security-Policy': await contentSecurityPolicy(body),
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
    },
  };
}

/** Allows what is in the document, as its hashes say, and questions to where it comes from. */
async function contentSecurityPolicy(document: string): Promise<string> {
  // loaded here because starting does not need it
  const { createHash } = await import('node:crypto');
  const hashOf = (element: 'script' | 'style'): string => {
    const [, content = ''] =
      new RegExp(`<${element}[^>]*>([^]*?)</${element}>`).exec(document) ?? [];
    return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
  };
  return [
    "default-src 'none'",
    `script-src ${hashOf('script')}`,
    `style-src ${hashOf('style')}`,
    "connect-src 'self'",
    // its icon in the browser's tab
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}
