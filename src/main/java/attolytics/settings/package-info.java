/**
 * Options, environment variables and the {@link attolytics.settings.Settings} that they result in;
 * database URLs; and the {@link attolytics.settings.Redaction} of passwords.
 *
 * <p>{@link attolytics.settings.StartException} reports what is wrong with a setting, or with the
 * file or database that it refers to. The schema file is read in {@code schema.yaml}. Start with
 * {@link attolytics.settings.SettingsOptions}.
 */
@NullMarked
package attolytics.settings;

import org.jspecify.annotations.NullMarked;
