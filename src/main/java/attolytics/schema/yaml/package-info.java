/**
 * Reads the schema file and reports all that is wrong with it at once, each problem with its line
 * and column. {@link attolytics.schema.yaml.SchemaFile} is the way in; {@link
 * attolytics.schema.yaml.TableReader} and {@link attolytics.schema.yaml.AppReader} hold the keys.
 *
 * <p>What the keys mean for events and tables is not here: see {@code schema}.
 */
@NullMarked
package attolytics.schema.yaml;

import org.jspecify.annotations.NullMarked;
