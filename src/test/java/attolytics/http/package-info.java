@NullMarked
package attolytics.http;

import org.jspecify.annotations.NullMarked;
