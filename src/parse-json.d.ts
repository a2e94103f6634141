declare module 'parse-json' {
  export default function parseJson(text: string): unknown;
}
