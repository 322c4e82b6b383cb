import { Listr } from "listr2";

/** Tells a waiting person what happens. */
export interface Progress {
  /**
   * Shows a step while it is done.
   * @param work gets a function that shows what it is at; answers its result and, if it has something to add, the
   * words that stand behind the title when it is done.
   */
  step<T>(title: string, work: (say: (detail: string) => void) => Promise<Step<T>>): Promise<T>;
  /** Says something on a line of its own. */
  say(sentence: string): void;
}

/** What a step came to. */
export interface Step<T> {
  readonly value: T;
  readonly words?: string;
}

/** Progress on a terminal, with plain lines where the output is none. */
export function terminalProgress(): Progress {
  // Whoever read our output may be gone before us (`medport up | head`): that must not cost the servers a clean stop.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return {
    async step(title, work) {
      const done: { step?: Awaited<ReturnType<typeof work>> } = {};
      const list = new Listr<object, "default", "simple">(
        [
          {
            title,
            task: async (_, task) => {
              done.step = await work((detail) => {
                task.output = detail;
              });
              if (done.step.words !== undefined) task.title = `${title}: ${done.step.words}`;
            },
          },
        ],
        {
          renderer: "default",
          fallbackRenderer: "simple",
          rendererOptions: { collapseErrors: true, showErrorMessage: false },
          fallbackRendererOptions: {},
          // Some terminals say that they have no columns at all; lines that are drawn anew are not for them either.
          fallbackRendererCondition: () => !process.stdout.isTTY || process.stdout.columns < 40,
          // Signals are for whoever started the steps: they have servers to stop.
          registerSignalListeners: false,
        },
      );
      await list.run();
      if (!done.step) throw new Error(`the step "${title}" was not done`);
      return done.step.value;
    },
    say: (sentence) => console.log(sentence),
  };
}

/** Progress that nobody watches. */
export const silentProgress: Progress = {
  step: async (_title, work) => (await work(() => undefined)).value,
  say: () => undefined,
};
