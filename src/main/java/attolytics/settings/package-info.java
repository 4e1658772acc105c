/**
 * What a user can set: {@link attolytics.settings.Settings}, the options and environment variables
 * that they are read from, and database URLs, which hold passwords that must not be printed.
 *
 * <p>{@link attolytics.settings.StartException} carries what is wrong with a setting, or with what
 * it names, to the user. The schema file is not here but in {@code schema.yaml}.
 */
@NullMarked
package attolytics.settings;

import org.jspecify.annotations.NullMarked;
