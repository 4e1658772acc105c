/** The clients in {@code clients/}, against a service that stops, dies and is cut off. */
@NullMarked
package attolytics.clients;

import org.jspecify.annotations.NullMarked;
