#!/usr/bin/env node
import { SignalSource } from './pid1/signals.ts';

// Before anything else is loaded: as PID 1, a signal without a listener is lost.
const signals = new SignalSource();
const { execute } = await import('./commands.ts');
process.exit(await execute(process.argv.slice(2), signals));
