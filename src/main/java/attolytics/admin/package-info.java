/**
 * The admin port: metrics, health and readiness probes, the status page and the OpenAPI document.
 *
 * <p>It shows what {@code metrics} and the probes say and takes no events; those come in through
 * {@code http}. Begin with {@link attolytics.admin.AdminHandler}.
 */
@NullMarked
package attolytics.admin;

import org.jspecify.annotations.NullMarked;
