#!/usr/bin/env node
// The signal listeners come before anything else: as PID 1, a signal that nobody listens to is lost.
import { earlySignals } from './pid1/early-signals.ts';
import { execute } from './command-line/commands.ts';

void execute(process.argv.slice(2), earlySignals).then((status) => process.exit(status));
