/**
 * The command line: {@link attolytics.cli.Main}, a picocli subcommand for each command, and the
 * printing of SQL. It turns options into {@link attolytics.settings.Settings} and results into exit
 * codes.
 *
 * <p>What the commands share with the start of the service is in {@code app}. Start with {@link
 * attolytics.cli.AttolyticsCommand}.
 */
@NullMarked
package attolytics.cli;

import org.jspecify.annotations.NullMarked;
