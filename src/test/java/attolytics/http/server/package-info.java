@NullMarked
package attolytics.http.server;

import org.jspecify.annotations.NullMarked;
