/**
 * Settings: the options and environment variables that {@link attolytics.settings.Settings} are
 * read from, database URLs, and the {@link attolytics.settings.Redaction} of passwords.
 *
 * <p>{@link attolytics.settings.StartException} reports what is wrong with a setting, or with what
 * it names. The schema file is read in {@code schema.yaml}. Begin with {@link
 * attolytics.settings.SettingsOptions}.
 */
@NullMarked
package attolytics.settings;

import org.jspecify.annotations.NullMarked;
