import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs with nothing in its environment but `env`. */
export class RunningServer implements AsyncDisposable {
  readonly child: ChildProcess;
  /** Resolves when the process is gone and its output read. */
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  constructor([file, ...args]: readonly [string, ...string[]], env: Readonly<Record<string, string>>) {
    this.child = spawn(file, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = once(this.child, 'close').then(([code]) => ({ code, stdout: this.#stdout, stderr: this.#stderr }));
  }

  /** Waits for the log line that says so. @returns `http://<address>` */
  async listening(): Promise<string> {
    const line = await this.logged('listening');
    return `http://${line.address}`;
  }

  /** Waits for the first log line with this message. */
  async logged(message: string): Promise<Readonly<Record<string, unknown>>> {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline && this.child.exitCode === null) {
      const line = this.log().find(({ msg }) => msg === message);
      if (line) return line;
      await setTimeout(10);
    }
    throw new Error(`no log line "${message}" in ${this.#stdout}${this.#stderr}`);
  }

  /** Every complete line logged so far. @throws when one is not JSON */
  log(): readonly Readonly<Record<string, unknown>>[] {
    return this.#stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}
