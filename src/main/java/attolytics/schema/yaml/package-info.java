/**
 * Reads the schema file and reports all of its problems at once, each with its line and column.
 * Begin with {@link attolytics.schema.yaml.SchemaFile}; the keys are in {@link
 * attolytics.schema.yaml.TableReader} and {@link attolytics.schema.yaml.AppReader}.
 *
 * <p>The result is the model in {@code schema}.
 */
@NullMarked
package attolytics.schema.yaml;

import org.jspecify.annotations.NullMarked;
