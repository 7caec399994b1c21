import { spawn } from 'node:child_process'

const onWindows = process.platform === 'win32'

// Neither the build tool nor npx has any reason to speak to anybody but the package registry.
const quietEnvironment = {
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  NO_UPDATE_NOTIFIER: '1',
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
  npm_config_audit: 'false',
}

/**
 * Runs one command and waits for its end. A signal that reaches this process meanwhile goes to the command and all its
 * children, then this process ends with the signal's exit code.
 *
 * @param {readonly string[]} command program and arguments; none may hold a double quote
 * @param {{ cwd: string, env?: Record<string, string>, show?: boolean }} options `show`: the command writes straight to
 *   the terminal; without it what it writes is kept and returned
 * @returns {Promise<{ code: number, output: string }>} `code` is 127 when the program cannot be started
 */
export const run = ([program, ...args], { cwd, env = {}, show = false }) =>
  new Promise((resolve) => {
    // On Windows npx is a .cmd file, which only a shell can start; elsewhere a group of its own makes it possible to stop
    // the command with everything that it has started.
    const settings = {
      cwd,
      env: { ...process.env, ...quietEnvironment, ...env },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    }
    const child =
      onWindows && program === 'npx'
        ? spawn([program, ...args].map(quoted).join(' '), { ...settings, shell: true })
        : spawn(program, args, { ...settings, detached: !onWindows })

    let output = ''
    const keep = (chunk) => {
      output += chunk
    }
    child.stdout?.setEncoding('utf8').on('data', keep)
    child.stderr?.setEncoding('utf8').on('data', keep)

    let stoppedBy
    const stop = (signal) => {
      stoppedBy = signal
      try {
        if (onWindows) child.kill(signal)
        else process.kill(-child.pid, signal)
      } catch {
        // It has ended in this very moment.
      }
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)

    const settle = (code, text) => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      if (stoppedBy) process.exit(stoppedBy === 'SIGINT' ? 130 : 143)
      resolve({ code, output: text })
    }
    child.once('error', (error) => settle(127, `${output}${error.message}\n`))
    child.once('close', (code) => settle(code ?? 1, output))
  })

const quoted = (word) => (/\s/.test(word) ? `"${word}"` : word)
