import { Command } from "commander";
import { checkCommand } from "./commands/check.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { downCommand } from "./commands/down.ts";
import { generateCommand } from "./commands/generate.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { resetCommand } from "./commands/reset.ts";
import { setupCommand } from "./commands/setup.ts";
import { statusCommand } from "./commands/status.ts";
import { testCommand } from "./commands/test.ts";
import { upCommand } from "./commands/up.ts";
import { endWithLauncher } from "./end-with-launcher.ts";
import { errorText } from "./error-text.ts";

const program = new Command("medport")
  .description("MedPort: three services, three databases, one mesh")
  .enablePositionalOptions()
  .showHelpAfterError();

program.addCommand(upCommand());
program.addCommand(downCommand());
program.addCommand(statusCommand());
program.addCommand(demoCommand());
program.addCommand(doctorCommand());
program.addCommand(migrateCommand());
program.addCommand(setupCommand());
program.addCommand(resetCommand());
program.addCommand(testCommand());
program.addCommand(checkCommand());
program.addCommand(generateCommand());

endWithLauncher();

try {
  await program.parseAsync();
} catch (error) {
  console.error(`medport: ${errorText(error)}`);
  process.exitCode = 1;
}
