/**
 * The admin port: metrics, health and readiness probes, the status page and the OpenAPI document.
 *
 * <p>It shows what {@code metrics}, {@code recent} and the probes report. It takes no events; those
 * arrive through {@code http}. Start with {@link attolytics.admin.AdminHandler}.
 */
@NullMarked
package attolytics.admin;

import org.jspecify.annotations.NullMarked;
