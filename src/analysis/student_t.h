// Student's t distribution with a whole number of degrees of freedom.
#pragma once

namespace rsr {

double StudentTCdf(double t, int degrees);
double StudentTQuantile(double p, int degrees);  // 0 < p < 1

}  // namespace rsr
