import type { Config } from '../config/generated.ts';
import type { Level, LogRecord } from './record.ts';

/** From the least severe. */
const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** The part of the configuration that a log needs. */
export type LogConfig = Pick<Config['log'], 'level' | 'format'>;

export type Log = (record: LogRecord) => void;

/** The part of a stream that a log needs. */
export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A log that writes one line a record; `auto` is text on a terminal, else JSON. */
export function createLog({ level, format }: LogConfig, stream: LogStream): Log {
  const auto = stream.isTTY === true ? 'text' : 'json';
  const toLine = (format === 'auto' ? auto : format) === 'json' ? toJson : toText;
  const least = LEVELS.indexOf(level);
  return (record) => {
    if (LEVELS.indexOf(record.level) >= least) stream.write(`${toLine(record, new Date())}\n`);
  };
}

/** The line for those that a reader who does not read has made a log drop. */
export function droppedLine(config: LogConfig, dropped: number): string {
  let line = '';
  const write = (text: string): string => (line = text);
  createLog(config, { write })({
    level: 'error',
    msg: `${dropped} log lines were dropped, because nobody read standard error`,
    facts: { dropped },
  });
  return line;
}

/** `{"time", "level", "msg", …facts}`; `time` is RFC 3339. */
export function toJson({ level, msg, facts }: LogRecord, time: Date): string {
  return JSON.stringify({ time: time.toISOString(), level, msg, ...facts });
}

/** `TIME LEVEL MSG KEY=VALUE …` */
export function toText({ level, msg, facts }: LogRecord, time: Date): string {
  const pairs = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quoted(String(value))}`);
  return [time.toISOString(), level.toUpperCase().padEnd(5), msg, ...pairs].join(' ');
}

function quoted(value: string): string {
  return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
}
