/** Throws the error of a text that is no JSON, with the place shown. */
export { default as parseJson } from 'parse-json';
