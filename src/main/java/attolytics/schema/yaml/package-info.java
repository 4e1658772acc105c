/**
 * Reads the schema file and reports all of its problems at once, each with its line and column.
 *
 * <p>Start with {@link attolytics.schema.yaml.SchemaFile}. {@link
 * attolytics.schema.yaml.TableReader} and {@link attolytics.schema.yaml.AppReader} define the keys
 * of a table and of an app; {@link attolytics.schema.yaml.NodeReader} reports unknown ones. The
 * result is the model in {@code schema}.
 */
@NullMarked
package attolytics.schema.yaml;

import org.jspecify.annotations.NullMarked;
